/** A schedule in words. */

interface Timed {
  readonly cron?: string | null;
  readonly every?: string | null;
  readonly time_zone?: string | null;
  readonly jitter?: string | null;
}

/** When it ticks: `0 3 * * * Europe/Berlin`, `every 15m`, each with its jitter. */
export function ticksWhen({ cron, every, time_zone: zone, jitter }: Timed): string {
  const when = cron != null ? [cron, zone ?? "UTC"].join(" ") : `every ${every ?? "?"}`;
  return jitter == null ? when : `${when}, up to ${jitter} later`;
}

/** What came of a tick, in words. */
export const OUTCOMES: Readonly<Record<string, string>> = {
  started: "started", skipped: "skipped, as a run was open", queued: "waits for the open run", missed: "missed and passed over", unmet: "its condition did not hold", refused: "refused",
};

/** What about ticks that were missed, and what while an instance is open. */
export const CATCH_UP: Readonly<Record<string, string>> = { none: "passed over", last: "the last of them is started", all: "all are started" };
export const OVERLAP: Readonly<Record<string, string>> = { skip: "the tick is passed over", queue: "the tick waits for its end", allow: "another is started beside it" };

/** A span of the past from what a person wrote as local times; a sentence where it is none. */
export function spanOf(from: string, to: string, now: number): { readonly from: string; readonly to: string } | string {
  const [begin, end] = [Date.parse(from), Date.parse(to)];
  if (Number.isNaN(begin) || Number.isNaN(end)) return "expected a time from which on, and one before which";
  if (begin >= end) return "expected the second time after the first";
  if (end > now) return "expected times of the past: what is to come is started by the clock";
  return { from: new Date(begin).toISOString(), to: new Date(end).toISOString() };
}
