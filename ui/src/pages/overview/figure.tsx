import { lazy, Suspense, type JSX } from "react";
import type { Series } from "../../kit/chart";
import { Panel } from "../../kit/page";

const Chart = lazy(() => import("../../kit/chart").then(({ Chart: of }) => ({ default: of })));

interface FigureProps {
  readonly title: string;
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  readonly least: number;
  readonly quiet?: string;
}

const INK: Readonly<Record<string, string>> = { "--status-running": "bg-running", "--status-completed": "bg-completed", "--status-failed": "bg-failed", "--status-waiting": "bg-waiting" };

/** Lines over time, with how they stand now. */
export function Figure({ title, times, series: lines, format, least, quiet }: FigureProps): JSX.Element {
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
