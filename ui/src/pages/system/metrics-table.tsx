import { useState, type JSX } from "react";
import { Failure } from "../../kit/notice";
import { Skeleton } from "../../kit/page";
import { useMetrics } from "../../live/metrics";
import { figure } from "../../model/time";

/** Every figure of /metrics but the single buckets. */
export function MetricsTable(): JSX.Element {
  const { all, error } = useMetrics();
  const [find, setFind] = useState("");
  const now = all.at(-1);
  if (now === undefined) return error === undefined ? <Skeleton lines={8} /> : <Failure error={error} />;
  const shown = now.samples.filter(({ name, labels }) => !name.endsWith("_bucket") && `${name} ${JSON.stringify(labels)}`.toLowerCase().includes(find.toLowerCase()));
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-3">
        <input className="field max-w-80" aria-label="Search the figures" placeholder="A name or a label" value={find} onChange={(event) => setFind(event.target.value)} />
        <a href="/metrics" className="text-sm text-accent-text hover:underline">The same as Prometheus reads it</a>
      </div>
      <div className="overflow-x-auto rounded border border-line bg-raised" tabIndex={0} role="region" aria-label="Figures">
        <table className="w-full text-left">
          <thead><tr className="border-b border-line text-sm text-faint"><th className="px-4 py-2 font-normal">Figure</th><th className="px-2 font-normal max-sm:hidden">Of</th><th className="px-4 text-right font-normal">Value</th></tr></thead>
          <tbody>
            {shown.map(({ name, labels, value }) => {
              const of = Object.entries(labels).map(([key, label]) => `${key} ${label}`).join(", ");
              return <tr key={name + of} className="border-b border-line last:border-b-0"><td className="px-4 py-1.5 max-sm:break-all"><code>{name}</code>{of !== "" && <span className="block text-sm text-muted sm:hidden">{of}</span>}</td><td className="px-2 text-sm text-muted max-sm:hidden">{of}</td><td className="px-4 text-right" title={String(value)}>{figure(value)}</td></tr>;
            })}
          </tbody>
        </table>
      </div>
    </div>
  );
}
