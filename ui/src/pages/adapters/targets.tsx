import { useQuery } from "@tanstack/react-query";
import { useMemo, useState, type JSX } from "react";
import { statsQuery } from "../../api/queries";
import { useMinute } from "../../kit/clock";
import { Select } from "../../kit/select";
import { duration, exact, figure } from "../../model/time";
import { moment } from "../workflows/filters";

const RANGES = [["1h", "last hour"], ["24h", "last 24 h"], ["7d", "last 7 days"]] as const;

/** What came of an adapter's calls, by target, over a time. */
export function Targets({ adapter }: { readonly adapter: string }): JSX.Element {
  const minute = useMinute();
  const [range, setRange] = useState("1h");
  const asked = useMemo(() => ({ adapter, group_by: "target", from: moment(range, minute) }), [adapter, range, minute]);
  const series = useQuery(statsQuery(asked)).data?.series ?? [];
  return (
    <section className="flex flex-col gap-1.5" aria-label="Calls by target">
      <h3 className="flex items-center justify-between gap-2 text-sm font-semibold text-muted">Calls by target
        <Select aria-label="Time range of the calls" value={range} onChange={(event) => setRange(event.target.value)}>
          {RANGES.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
        </Select>
      </h3>
      {series.length === 0 && <p className="text-muted">No call got a result in this time.</p>}
      {series.length > 0 && (
        <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Figures by target">
          <table className="w-full text-left text-sm whitespace-nowrap">
            <thead><tr className="border-b border-line text-faint"><th className="py-1 font-normal">Target</th><th className="px-2 text-right font-normal">Calls</th><th className="px-2 text-right font-normal">Failed</th><th className="px-2 text-right font-normal">p50</th><th className="px-2 text-right font-normal">p95</th><th className="pl-2 text-right font-normal">p99</th></tr></thead>
            <tbody>
              {series.map(({ group, total: { calls = 0, errors = 0, latency } }) => (
                <tr key={group["target"] ?? ""} className="border-b border-line last:border-b-0">
                  <td className="max-w-28 truncate py-1" title={group["target"]}><code>{targetName(group["target"] ?? "")}</code></td>
                  <td className="px-2 text-right">{exact(calls ?? 0)}</td>
                  <td className={`px-2 text-right ${(errors ?? 0) > 0 ? "text-failed" : ""}`}>{calls == null || calls === 0 ? "–" : `${figure((100 * (errors ?? 0)) / calls)} %`}</td>
                  {[latency?.p50_ms, latency?.p95_ms, latency?.p99_ms].map((ms, index) => <td key={index} className="px-2 text-right last:pr-0">{ms === undefined ? "–" : duration(ms)}</td>)}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** A target's name without what all addresses begin with. */
function targetName(target: string): string {
  return target === "" ? "not known" : target.replace(/^https?:\/\//, "");
}
