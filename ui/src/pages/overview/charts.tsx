import { lazy, Suspense, useMemo, type JSX } from "react";
import type { Series } from "../../kit/chart";
import { Failure } from "../../kit/notice";
import { Panel } from "../../kit/page";
import { useMetrics } from "../../live/metrics";
import { quantile, rate, type Reading } from "../../model/prometheus";
import { duration, figure } from "../../model/time";

const Chart = lazy(() => import("../../kit/chart").then(({ Chart: of }) => ({ default: of })));

/** Readings that a quantile is taken over: enough for it to mean something. */
const SPAN = 5;

/** Flow and speed, as the server has counted since the page was opened: it keeps no past of its own yet. */
export function Charts(): JSX.Element {
  const { all, error } = useMetrics();
  const times = useMemo(() => all.slice(1).map((reading) => reading.at), [all]);
  const flow = useMemo(() => series(all, [
    ["started", "--status-running", (before, after) => rate(before, after, "orchestrator_instances_started_total")],
    ["ended", "--status-completed", (before, after) => rate(before, after, "orchestrator_instances_ended_total")],
    ["failed", "--status-failed", (before, after) => failedRate(before, after)],
  ]), [all]);
  const commits = useMemo(() => quantiles(all, "orchestrator_commit_duration_seconds"), [all]);
  const requests = useMemo(() => quantiles(all, "orchestrator_http_request_duration_seconds", { method: "POST", route: "/api/v1/workflows" }), [all]);
  if (error !== undefined && all.length === 0) return <Failure error={error} />;
  const perSecond = (value: number): string => figure(value);
  const seconds = (value: number): string => duration(value * 1_000);
  return (
    <div className="grid grid-cols-1 gap-4 lg:grid-cols-3">
      <Figure title="Workflows a second" times={times} series={flow} format={perSecond} least={1} />
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

function failedRate(before: Reading, after: Reading): number | undefined {
  const failed = ["failed", "compensated"].map((status) => rate(before, after, "orchestrator_instances_ended_total", { status }));
  return failed[0] === undefined || failed[1] === undefined ? undefined : failed[0] + failed[1];
}

interface FigureProps {
  readonly title: string;
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  readonly least: number;
  readonly quiet?: string;
}

const INK: Readonly<Record<string, string>> = { "--status-running": "bg-running", "--status-completed": "bg-completed", "--status-failed": "bg-failed", "--status-waiting": "bg-waiting" };

function Figure({ title, times, series: lines, format, least, quiet }: FigureProps): JSX.Element {
  const latest = lines.map(({ name, values }) => ({ name, value: values.findLast((value) => value !== null) }));
  const empty = lines.every(({ values }) => values.every((value) => value === null));
  const label = `${title}: ${latest.map(({ name, value }) => `${name} ${value == null ? "unknown" : format(value)}`).join(", ")}`;
  return (
    <Panel title={title} flush>
      <div className="flex flex-wrap gap-x-3 px-4 pt-2 text-sm">
        {lines.map(({ name, colour }, index) => (
          <span key={name} className="inline-flex items-center gap-1.5 text-muted"><span aria-hidden="true" className={`h-0.5 w-3 rounded-full ${INK[colour] ?? ""}`} />{name} <span className="figures min-w-8 font-medium text-ink">{latest[index]?.value == null ? "–" : format(latest[index].value)}</span></span>
        ))}
      </div>
      <div className="h-[164px] px-2 pb-2">
        {empty ? <p className="flex h-full items-center justify-center text-sm text-faint">{times.length < 2 ? "Two readings are needed; the next comes in a moment." : (quiet ?? "Nothing was counted since the page was opened.")}</p>
          : <Suspense fallback={null}><Chart label={label} times={times} series={lines} format={format} least={least} /></Suspense>}
      </div>
    </Panel>
  );
}
