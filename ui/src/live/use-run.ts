import { useEffect, useState } from "react";
import type { HistoryRecord } from "../api/client";
import { Run } from "../model/run/run";
import { Feed, type FeedState } from "./feed";
import { alive, hub, transport } from "./hub";

export interface LiveRun {
  readonly run: Run;
  /** Rises with each batch of records: the run itself is the same object throughout. */
  readonly version: number;
  readonly state: FeedState;
}

/** So many records at once are a history being read: drawing each frame of it would only hold it up. */
const CATCHING_UP = 100;
const SELDOM = 1_000;

/** An ended run speaks no more, unless its parent has it undone. */
const REOPENS = "compensation-requested";

/**
 * The run with this id, from its first record to the newest one, once it is known to be there; another id wants another
 * component.
 */
export function useRun(id: string, isThere = true): LiveRun {
  const [run] = useState(() => new Run());
  const [{ version, state }, setProgress] = useState<{ version: number; state: FeedState }>({ version: 0, state: "connecting" });
  useEffect(() => {
    if (!isThere) return;
    let feed: Feed<HistoryRecord> | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tell = (): void => {
      timer = undefined;
      setProgress((before) => ({ ...before, version: before.version + 1 }));
    };
    const open = (): void => {
      feed?.stop();
      feed = new Feed<HistoryRecord>({
        transport,
        path: () => `/api/v1/workflows/${id}/events?from_seq=${String(run.end)}`,
        placeOf: (record) => String(record.seq),
        onRecords: (records) => {
          run.append(records);
          if (records.length >= CATCHING_UP) timer ??= setTimeout(tell, SELDOM);
          else if (timer === undefined) tell();
        },
        onState: (next) => setProgress((before) => ({ ...before, state: next })),
        alive,
      });
    };
    open();
    const off = hub.onRecords((records) => {
      if (records.some(({ workflow_id: of, record }) => of === id && record.type === REOPENS)) open();
    });
    return () => {
      off();
      clearTimeout(timer);
      feed?.stop();
    };
  }, [id, run, isThere]);
  return { run, version, state };
}
