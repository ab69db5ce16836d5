/** One clock for all relative times on the page. */
import { useSyncExternalStore } from "react";

const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) now = Date.now();
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The present time, a second exact. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** The beginning of the present minute: for ranges that end now and need not be exact. */
export function useMinute(): number {
  return useSyncExternalStore(subscribe, () => Math.floor(now / 60_000)) * 60_000;
}
