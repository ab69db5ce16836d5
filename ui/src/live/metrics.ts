/** The server's figures, read while somebody looks at them; kept for a while, so that a page that is opened again has a past. */
import { useEffect, useSyncExternalStore } from "react";
import { takeText } from "../api/client";
import { parseMetrics, type Reading } from "../model/prometheus";

export interface Readings {
  readonly all: readonly Reading[];
  readonly error: unknown;
}

const EVERY = 2_000;
const KEPT = 450;

const listeners = new Set<() => void>();
let readings: Readings = { all: [], error: undefined };
let watchers = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

async function read(): Promise<void> {
  try {
    const samples = parseMetrics(await takeText("/metrics"));
    readings = { all: [...readings.all, { at: Date.now(), samples }].slice(-KEPT), error: undefined };
  } catch (error) {
    readings = { ...readings, error };
  }
  for (const listener of listeners) listener();
  if (watchers > 0) timer = setTimeout(() => void read(), EVERY);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useMetrics(): Readings {
  useEffect(() => {
    watchers += 1;
    if (watchers === 1) void read();
    return () => {
      watchers -= 1;
      if (watchers === 0) clearTimeout(timer);
    };
  }, []);
  return useSyncExternalStore(subscribe, () => readings);
}
