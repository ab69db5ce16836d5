/** What was counted of a time, as lines over it. */
import type { Schemas } from "../../api/client";
import type { Series } from "../../kit/chart";

type Stats = Schemas["Stats"];
type Figures = Schemas["StatsFigures"];

/** How long the spans of a range are, in seconds: enough of them to see a shape. */
export const SPANS: Readonly<Record<string, number>> = { "1h": 60, "24h": 900, "7d": 7_200 };

export interface History {
  readonly times: readonly number[];
  /** A second. */
  readonly flow: readonly Series[];
  /** Milliseconds from start to end. */
  readonly latency: readonly Series[];
  /** Of a hundred that ended. */
  readonly failed: readonly Series[];
}

/** Spans in which nothing was counted are not told: nothing flowed in them, and nothing had a duration. */
export function historyOf({ from, to, step_seconds: step, series }: Stats): History {
  const span = 1_000 * (step ?? 60);
  const times: number[] = [];
  for (let at = Date.parse(from); at < Date.parse(to); at += span) times.push(at);
  const points = new Map((series[0]?.points ?? []).map((point) => [Date.parse(point.at), point]));
  const line = (name: string, colour: string, of: (figures: Figures | undefined) => number | null): Series => ({ name, colour, values: times.map((at) => of(points.get(at))) });
  const second = (count: (figures: Figures) => number) => (figures: Figures | undefined): number => (figures === undefined ? 0 : (1_000 * count(figures)) / span);
  return {
    times,
    flow: [
      line("started", "--status-running", second(({ started }) => started ?? 0)),
      line("ended", "--status-completed", second(endedOf)),
      line("failed", "--status-failed", second(failedOf)),
    ],
    latency: [
      line("p50", "--status-running", (figures) => figures?.latency?.p50_ms ?? null),
      line("p95", "--status-waiting", (figures) => figures?.latency?.p95_ms ?? null),
      line("p99", "--status-failed", (figures) => figures?.latency?.p99_ms ?? null),
    ],
    failed: [line("failed", "--status-failed", (figures) => (figures === undefined || endedOf(figures) === 0 ? null : (100 * failedOf(figures)) / endedOf(figures)))],
  };
}

function failedOf({ failed, compensated }: Figures): number {
  return (failed ?? 0) + (compensated ?? 0);
}

function endedOf(figures: Figures): number {
  return (figures.completed ?? 0) + (figures.cancelled ?? 0) + failedOf(figures);
}
