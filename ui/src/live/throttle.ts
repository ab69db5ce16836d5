/**
 * Calls at once, then at most once a pause; the last call is never lost. The pause grows with what the work costs, so
 * that a slow server is not asked faster than it answers; what it costs the first time, when nothing is at hand yet, says
 * nothing of that.
 */
export function throttled(work: () => Promise<unknown>, pauseMs: number, costFactor = 2): { call: () => void; stop: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let busy = false;
  let first = true;
  let again = false;
  let stopped = false;
  const run = async (): Promise<void> => {
    busy = true;
    again = false;
    const began = performance.now();
    await work().catch(() => undefined);
    busy = false;
    if (stopped) return;
    const pause = first ? pauseMs : Math.max(pauseMs, (performance.now() - began) * costFactor);
    first = false;
    timer = setTimeout(() => {
      timer = undefined;
      if (again) void run();
    }, pause);
  };
  return {
    call: () => {
      if (stopped) return;
      if (busy || timer !== undefined) again = true;
      else void run();
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
