import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { Row } from "../model/window-list";
import type { StreamRecord } from "../api/client";
import { isOfInstance } from "./hooks";
import { hub } from "./hub";
import { PagedList, type ListView, type ReadPage } from "./paged-list";
import { throttled } from "./throttle";

const LIVE_PAUSE = 150;
/** What comes without a record is seen by then. */
const SLOW = 5_000;

export interface LiveList<R extends Row> extends ListView<R> {
  /** The first row on screen, and that the end is near. */
  readonly onScroll: (first: number, nearEnd: boolean) => void;
  /** Reads again what is on screen. */
  readonly renew: () => void;
}

interface Pace {
  /** It can be read from a moment on. */
  readonly byMoment?: boolean;
  /** Milliseconds between two readings while records come in: the more a page costs the server, the longer. */
  readonly pauseMs?: number;
  /** The records on which it is read again; without it all of instances. */
  readonly wanted?: (record: StreamRecord) => boolean;
  /** Milliseconds after which what comes without a record is seen. */
  readonly slowMs?: number;
}

/** A list that is kept fresh where somebody looks: at once on a record, slowly besides, and after a loss. Another filter is another component. */
export function usePagedList<R extends Row>(read: ReadPage<R>, { byMoment = false, pauseMs = LIVE_PAUSE, slowMs = SLOW, wanted = isOfInstance }: Pace = {}): LiveList<R> {
  const [list] = useState(() => new PagedList(read, byMoment));
  const view = useSyncExternalStore(list.subscribe, list.now);
  const first = useRef(0);
  useEffect(() => list.retarget(read), [list, read]);
  useEffect(() => {
    const paced = throttled(() => list.refreshFrom(first.current), pauseMs);
    paced.call();
    const onRecords = (records: readonly StreamRecord[]): void => {
      if (records.some(wanted)) paced.call();
    };
    const offs = [hub.onRecords(onRecords), hub.onBack(paced.call)];
    const timer = setInterval(() => {
      if (!document.hidden) paced.call();
    }, slowMs);
    return () => {
      for (const off of offs) off();
      clearInterval(timer);
      paced.stop();
    };
  }, [list, pauseMs, slowMs, wanted]);
  const onScroll = useCallback((index: number, nearEnd: boolean) => {
    first.current = index;
    if (nearEnd) void list.loadMore();
  }, [list]);
  const renew = useCallback(() => void list.refreshFrom(first.current), [list]);
  return { ...view, onScroll, renew };
}
