import { useEffect, useRef, useSyncExternalStore } from "react";
import { useQueryClient, type QueryKey } from "@tanstack/react-query";
import type { StreamRecord } from "../api/client";
import { hub, type Connection } from "./hub";
import { throttled } from "./throttle";

export function useConnection(): Connection {
  return useSyncExternalStore(hub.subscribe, () => hub.now);
}

/** Calls back when a record that is wanted came in; at once, then at most once a pause. */
export function useLive(wanted: (record: StreamRecord) => boolean, work: () => Promise<unknown>, pauseMs: number): void {
  const latest = useRef({ wanted, work });
  useEffect(() => {
    latest.current = { wanted, work };
  });
  useEffect(() => {
    const paced = throttled(() => latest.current.work(), pauseMs);
    const off = hub.onRecords((records) => {
      if (records.some((record) => latest.current.wanted(record))) paced.call();
    });
    return () => {
      off();
      paced.stop();
    };
  }, [pauseMs]);
}

/** Reads queries again when a record that is wanted came in. */
export function useLiveQueries(key: QueryKey, wanted: (record: StreamRecord) => boolean, pauseMs: number): void {
  const client = useQueryClient();
  useLive(wanted, () => client.invalidateQueries({ queryKey: key }), pauseMs);
}

export const isEvent = ({ record }: StreamRecord): boolean => record.type === "event-taken";
export const isOfInstance = (record: StreamRecord): boolean => !isEvent(record);
export const isDecision = ({ record }: StreamRecord): boolean => record.type.startsWith("decision-") || record.type.startsWith("instance-");
export const isLetter = ({ record }: StreamRecord): boolean => record.type === "dead-lettered" || record.type === "decision-made";
export const isLifecycle = ({ record }: StreamRecord): boolean => record.type.startsWith("instance-") || record.type.startsWith("decision-");
