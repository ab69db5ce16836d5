import { useMemo, type JSX } from "react";
import type { Series } from "../../kit/chart";
import { Failure } from "../../kit/notice";
import { useMetrics } from "../../live/metrics";
import { quantile, type Reading } from "../../model/prometheus";
import { duration } from "../../model/time";
import { Figure } from "./figure";

/** Readings that a quantile is taken over: enough for it to mean something. */
const SPAN = 5;

/** How fast the server itself is, as it has counted since the page was opened. */
export function Charts(): JSX.Element {
  const { all, error } = useMetrics();
  const times = useMemo(() => all.slice(1).map((reading) => reading.at), [all]);
  const commits = useMemo(() => quantiles(all, "orchestrator_commit_duration_seconds"), [all]);
  const requests = useMemo(() => quantiles(all, "orchestrator_http_request_duration_seconds", { method: "POST", route: "/api/v1/workflows" }), [all]);
  if (error !== undefined && all.length === 0) return <Failure error={error} />;
  const seconds = (value: number): string => duration(value * 1_000);
  return (
    <div className="grid grid-cols-1 gap-4 lg:grid-cols-2">
      <Figure title="Time to make a batch durable" times={times} series={commits} format={seconds} least={0.001} />
      <Figure title="Time to answer a start" times={times} series={requests} format={seconds} least={0.001} quiet="No start was sent since the page was opened." />
    </div>
  );
}

type Figures = (before: Reading, after: Reading, span: Reading) => number | undefined;

function series(all: readonly Reading[], lines: readonly (readonly [string, string, Figures])[]): Series[] {
  return lines.map(([name, colour, of]) => ({
    name, colour,
    values: all.slice(1).map((after, index) => of(all[index] as Reading, after, all[Math.max(0, index + 1 - SPAN)] as Reading) ?? null),
  }));
}

function quantiles(all: readonly Reading[], name: string, labels: Readonly<Record<string, string>> = {}): Series[] {
  const of = (q: number): Figures => (_, after, span) => quantile(span, after, name, q, labels);
  return series(all, [["p50", "--status-running", of(0.5)], ["p95", "--status-waiting", of(0.95)], ["p99", "--status-failed", of(0.99)]]);
}
