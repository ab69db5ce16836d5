import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, type JSX } from "react";
import { adaptersQuery, statsQuery } from "../../api/queries";
import { useMinute } from "../../kit/clock";
import { Panel } from "../../kit/page";
import { useMetrics } from "../../live/metrics";
import { total } from "../../model/prometheus";
import { duration, exact, figure } from "../../model/time";
import { callsByAdapter } from "../adapters/calls";
import { moment } from "../workflows/filters";

/** How the adapters do: calls under way, calls that wait for room, and what came of those of the range. */
export function AdapterFigures({ range }: { readonly range: string }): JSX.Element | null {
  const minute = useMinute();
  const asked = useMemo(() => ({ group_by: "target", limit: 1_000, from: moment(range, minute) }), [range, minute]);
  const adapters = useQuery(adaptersQuery).data?.items ?? [];
  const stats = useQuery(statsQuery(asked)).data;
  const calls = useMemo(() => callsByAdapter(stats?.series ?? []), [stats]);
  const now = useMetrics().all.at(-1);
  if (adapters.length === 0 || now === undefined) return null;
  return (
    <Panel title="Adapters" flush>
      <div className="overflow-x-auto">
        <table className="w-full text-left">
          <thead><tr className="border-b border-line text-sm text-faint"><th className="px-4 py-2 font-normal">Adapter</th><th className="px-2 text-right font-normal">Calls under way</th><th className="px-2 text-right font-normal">Wait for room</th><th className="px-2 text-right font-normal">Calls in this time</th><th className="px-2 text-right font-normal">Failed</th><th className="px-4 text-right font-normal">p95 of the slowest target</th></tr></thead>
          <tbody>
            {adapters.map(({ name, type }) => {
              const waiting = total(now, "orchestrator_calls_waiting", { adapter: name });
              const { made = 0, failed = 0, slowestP95 } = calls.get(name) ?? {};
              return (
                <tr key={name} className="border-b border-line last:border-b-0 hover:bg-hover">
                  <td className="px-4 py-2"><Link to="/adapters" search={{ name }} className="font-medium hover:underline">{name}</Link> <span className="text-sm text-faint">{type}</span></td>
                  <td className="px-2 text-right">{exact(total(now, "orchestrator_calls_in_flight", { adapter: name }))}</td>
                  <td className={`px-2 text-right ${waiting > 0 ? "font-medium text-waiting" : ""}`}>{exact(waiting)}</td>
                  <td className="px-2 text-right">{exact(made)}</td>
                  <td className={`px-2 text-right ${failed > 0 ? "text-failed" : ""}`}>{made === 0 ? "–" : `${figure((100 * failed) / made)} %`}</td>
                  <td className="px-4 text-right">{slowestP95 === undefined ? "–" : duration(slowestP95)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
