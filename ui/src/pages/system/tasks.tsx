import { useQuery } from "@tanstack/react-query";
import type { JSX } from "react";
import { tasksQuery } from "../../api/queries";
import { Empty } from "../../kit/empty";
import { Failure } from "../../kit/notice";
import { Skeleton } from "../../kit/page";
import { RunLink } from "../../kit/run-link";
import { Moment, Took } from "../../kit/time";

/** What other systems have in their hands. */
export function Tasks(): JSX.Element {
  const { data, error, refetch } = useQuery(tasksQuery);
  if (error !== null && data === undefined) return <Failure error={error} retry={() => void refetch()} />;
  if (data === undefined) return <Skeleton lines={6} />;
  if (data.items.length === 0) return <Empty title="No call is out">A call that another system has not answered yet stands here: since when, and when it is given up.</Empty>;
  return (
    <div className="overflow-x-auto rounded border border-line bg-raised" tabIndex={0} role="region" aria-label="Calls out">
      <table className="w-full text-left">
        <thead><tr className="border-b border-line text-sm text-faint"><th className="px-4 py-2 font-normal">Waits for</th><th className="px-2 font-normal">Workflow</th><th className="px-2 font-normal">Since</th><th className="px-4 font-normal">Given up</th></tr></thead>
        <tbody>
          {data.items.map((task, index) => (
            <tr key={`${task.workflow_id}${task.step}${String(index)}`} className="border-b border-line last:border-b-0 hover:bg-hover">
              <td className="px-4 py-2">{task.what}</td>
              <td className="px-2 whitespace-nowrap"><RunLink id={task.workflow_id} className="text-accent-text hover:underline" step={task.step}>{task.workflow}</RunLink></td>
              <td className="px-2 text-muted">{task.since == null ? "–" : <Took from={task.since} />}</td>
              <td className="px-4 text-muted">{task.until == null ? "by its time-out" : <Moment at={task.until} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {data.next_cursor != null && <p className="border-t border-line px-4 py-2 text-sm text-muted">These are of the newest 200 workflows that are at work.</p>}
    </div>
  );
}
