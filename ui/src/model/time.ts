/** Spans and moments in words. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A span with at most three significant figures: `41 ms`, `12.4 s`, `3 min 12 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  if (ms < SECOND) return `${String(Math.max(0, Math.round(ms)))} ms`;
  if (ms < 9_995) return `${(ms / SECOND).toFixed(2)} s`;
  if (ms < MINUTE - 50) return `${(ms / SECOND).toFixed(1)} s`;
  if (ms < HOUR) return pair(ms, MINUTE, "min", SECOND, "s");
  if (ms < DAY) return pair(ms, HOUR, "h", MINUTE, "min");
  return pair(ms, DAY, "d", HOUR, "h");
}

/** A span in whole units, for what is counted live: `41 s`, `4 min`. */
export function span(ms: number): string {
  if (ms < MINUTE) return `${String(Math.max(0, Math.floor(ms / SECOND)))} s`;
  if (ms < HOUR) return `${String(Math.floor(ms / MINUTE))} min`;
  if (ms < DAY) return pair(ms, HOUR, "h", MINUTE, "min");
  return pair(ms, DAY, "d", HOUR, "h");
}

function pair(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const whole = Math.floor(ms / large);
  const rest = Math.floor((ms % large) / small);
  return rest === 0 ? `${String(whole)} ${largeName}` : `${String(whole)} ${largeName} ${String(rest)} ${smallName}`;
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const year = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });

/** The time of day in the viewer's zone. */
export function clockTime(at: number): string {
  return clock.format(at);
}

/** Relative within the hour, absolute beyond. */
export function when(at: number, now: number): string {
  const past = now - at;
  if (past >= 0 && past < HOUR) return past < SECOND ? "now" : `${span(past)} ago`;
  if (past < 0 && past > -HOUR) return `in ${span(-past)}`;
  if (new Date(at).toDateString() === new Date(now).toDateString()) return clock.format(at);
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? day.format(at) : year.format(at);
}

/** The exact moment in UTC. */
export function utc(at: number): string {
  return new Date(at).toISOString().replace("T", " ").replace("Z", " UTC");
}

const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3, notation: "compact" });

/** A count, thousands separated. */
export function exact(count: number): string {
  return whole.format(count);
}

/** A figure for an overview: three significant figures at most. */
export function figure(value: number): string {
  if (value < 10_000) return Number.isInteger(value) ? whole.format(value) : String(Number(value.toPrecision(3)));
  return short.format(value);
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** An amount of bytes with at most three significant figures: `812 B`, `1.4 MiB`. */
export function bytes(count: number): string {
  const step = count < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(count) / 10));
  const value = count / 1_024 ** step;
  return `${value >= 1_000 ? exact(Math.round(value)) : figure(value)} ${UNITS[step] ?? ""}`;
}
