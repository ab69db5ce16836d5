import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import { adaptersQuery } from "../../api/queries";
import { Panel } from "../../kit/page";
import { useMetrics } from "../../live/metrics";
import { rate, total } from "../../model/prometheus";
import { exact, figure } from "../../model/time";

/** Readings over which a rate is taken. */
const SPAN = 15;

/** How the adapters do: calls under way, calls that wait for room, calls a second. */
export function AdapterFigures(): JSX.Element | null {
  const adapters = useQuery(adaptersQuery).data?.items ?? [];
  const { all } = useMetrics();
  const now = all.at(-1);
  const before = all.at(-SPAN) ?? all[0];
  if (adapters.length === 0 || now === undefined || before === undefined) return null;
  return (
    <Panel title="Adapters" flush aside={<Outcomes />}>
      <div className="overflow-x-auto">
        <table className="w-full text-left">
          <thead><tr className="border-b border-line text-sm text-faint"><th className="px-4 py-2 font-normal">Adapter</th><th className="px-2 text-right font-normal">Calls under way</th><th className="px-2 text-right font-normal">Wait for room</th><th className="px-2 text-right font-normal">Calls a second</th><th className="px-4 text-right font-normal">Calls since start</th></tr></thead>
          <tbody>
            {adapters.map(({ name, type }) => {
              const waiting = total(now, "orchestrator_calls_waiting", { adapter: name });
              return (
                <tr key={name} className="border-b border-line last:border-b-0 hover:bg-hover">
                  <td className="px-4 py-2"><Link to="/adapters" search={{ name }} className="font-medium hover:underline">{name}</Link> <span className="text-sm text-faint">{type}</span></td>
                  <td className="px-2 text-right">{exact(total(now, "orchestrator_calls_in_flight", { adapter: name }))}</td>
                  <td className={`px-2 text-right ${waiting > 0 ? "font-medium text-waiting" : ""}`}>{exact(waiting)}</td>
                  <td className="px-2 text-right">{figure(rate(before, now, "orchestrator_calls_started_total", { adapter: name }) ?? 0)}</td>
                  <td className="px-4 text-right">{exact(total(now, "orchestrator_calls_started_total", { adapter: name }))}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

/** The share of calls that did not go well; the server counts outcomes over all adapters. */
function Outcomes(): JSX.Element | null {
  const now = useMetrics().all.at(-1);
  if (now === undefined) return null;
  const of = (outcome: string): number => total(now, "orchestrator_call_outcomes_total", { outcome });
  const bad = of("retryable_error") + of("permanent_error");
  const all = bad + of("ok") + of("accepted");
  return all === 0 ? null : <>{figure((100 * bad) / all)} % of {exact(all)} calls failed since the server started</>;
}
