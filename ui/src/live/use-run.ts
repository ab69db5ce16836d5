import { useEffect, useState } from "react";
import { api, take, type HistoryRecord } from "../api/client";
import { Run } from "../model/run/run";
import { Feed, type FeedState } from "./feed";
import { alive, hub, transport } from "./hub";
import { throttled } from "./throttle";

export interface LiveRun {
  readonly run: Run;
  /** Rises with each batch of records: the run itself is the same object throughout. */
  readonly version: number;
  readonly state: FeedState;
}

/** An ended run speaks no more, unless its parent has it undone or somebody has it go on. */
const REOPENS: readonly string[] = ["compensation-requested", "instance-retried", "restore-requested", "instance-restored"];
const PAGE = 1_000;
/** Pages after which a history that is being read is drawn: each of them would only hold it up. */
const DRAWN_EVERY = 10;

/** Before a state that could not be had is asked for again. */
const STATE_PAUSE = 2_000;

/** Gives the run the states that do not follow from its records, and so takes in what waits behind them. */
async function giveStates(id: string, run: Run, signal: AbortSignal): Promise<void> {
  for (let seq = run.wants; seq !== undefined && !signal.aborted; seq = run.wants) {
    run.give(await take(api.GET("/api/v1/workflows/{id}/state", { params: { path: { id }, query: { at_seq: seq } }, signal })));
  }
}

/**
 * The past in pages, which costs a browser far less than a message a record. The next page is on its way while one is
 * taken in.
 */
async function readPast(id: string, run: Run, signal: AbortSignal, onPages: () => void): Promise<void> {
  const read = (after: number) => take(api.GET("/api/v1/workflows/{id}/history", { params: { path: { id }, query: { after_seq: after, limit: PAGE } }, signal }));
  let next = read(run.known);
  for (let pages = 1; !signal.aborted; pages += 1) {
    const page = await next;
    const isLast = page.next_cursor == null;
    if (!isLast) {
      next = read(page.items.at(-1)?.seq ?? run.known);
      // Whoever waits for it hears of a failure; it is none of its own while nobody does.
      next.catch(() => undefined);
    }
    run.append(page.items);
    await giveStates(id, run, signal);
    if (isLast || pages === 1 || pages % DRAWN_EVERY === 0) onPages();
    if (isLast) return;
  }
}

/**
 * The run with this id, from its first record to the newest one, once it is known to be there; another id wants another
 * component.
 */
export function useRun(id: string, isThere = true): LiveRun {
  const [run] = useState(() => new Run());
  const [{ version, state }, setProgress] = useState<{ version: number; state: FeedState }>({ version: 0, state: "connecting" });
  useEffect(() => {
    if (!isThere) return;
    const abort = new AbortController();
    let feed: Feed<HistoryRecord> | undefined;
    const tell = (): void => setProgress((before) => ({ ...before, version: before.version + 1 }));
    const states = throttled(async () => {
      await giveStates(id, run, abort.signal).catch(() => states.call());
      tell();
    }, STATE_PAUSE);
    const follow = (): void => {
      feed?.stop();
      if (abort.signal.aborted) return;
      if (run.wants !== undefined) states.call();
      feed = new Feed<HistoryRecord>({
        transport,
        path: () => `/api/v1/workflows/${id}/events?from_seq=${String(run.known)}`,
        placeOf: (record) => String(record.seq),
        onRecords: (records) => {
          run.append(records);
          if (run.wants !== undefined) states.call();
          tell();
        },
        onState: (next) => setProgress((before) => ({ ...before, state: next })),
        alive,
      });
    };
    // What cannot be read in pages comes with the stream.
    void readPast(id, run, abort.signal, tell).then(follow, follow);
    const off = hub.onRecords((records) => {
      if (records.some(({ workflow_id: of, record }) => of === id && REOPENS.includes(record.type))) follow();
    });
    return () => {
      off();
      states.stop();
      abort.abort();
      feed?.stop();
    };
  }, [id, run, isThere]);
  return { run, version, state };
}
