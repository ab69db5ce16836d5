import { useEffect, useState } from "react";
import { api, take, type HistoryRecord } from "../api/client";
import { Run } from "../model/run/run";
import { Feed, type FeedState } from "./feed";
import { alive, hub, transport } from "./hub";

export interface LiveRun {
  readonly run: Run;
  /** Rises with each batch of records: the run itself is the same object throughout. */
  readonly version: number;
  readonly state: FeedState;
}

/** An ended run speaks no more, unless its parent has it undone. */
const REOPENS = "compensation-requested";
const PAGE = 1_000;
/** Pages after which a history that is being read is drawn: each of them would only hold it up. */
const DRAWN_EVERY = 10;

/** The past in pages, which costs a browser far less than a message a record. */
async function readPast(id: string, run: Run, signal: AbortSignal, onPages: () => void): Promise<void> {
  for (let pages = 1; !signal.aborted; pages += 1) {
    const query = { after_seq: run.end, limit: PAGE };
    const page = await take(api.GET("/api/v1/workflows/{id}/history", { params: { path: { id }, query }, signal }));
    run.append(page.items);
    const isLast = page.next_cursor == null;
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
    const follow = (): void => {
      feed?.stop();
      if (abort.signal.aborted) return;
      feed = new Feed<HistoryRecord>({
        transport,
        path: () => `/api/v1/workflows/${id}/events?from_seq=${String(run.end)}`,
        placeOf: (record) => String(record.seq),
        onRecords: (records) => {
          run.append(records);
          tell();
        },
        onState: (next) => setProgress((before) => ({ ...before, state: next })),
        alive,
      });
    };
    // What cannot be read in pages comes with the stream.
    void readPast(id, run, abort.signal, tell).then(follow, follow);
    const off = hub.onRecords((records) => {
      if (records.some(({ workflow_id: of, record }) => of === id && record.type === REOPENS)) follow();
    });
    return () => {
      off();
      abort.abort();
      feed?.stop();
    };
  }, [id, run, isThere]);
  return { run, version, state };
}
