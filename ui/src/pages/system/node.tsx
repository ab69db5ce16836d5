import { useQuery } from "@tanstack/react-query";
import type { JSX } from "react";
import type { Schemas } from "../../api/client";
import { nodesQuery } from "../../api/queries";
import { Facts, Panel } from "../../kit/page";
import { Status } from "../../kit/status";
import { Moment } from "../../kit/time";
import { useMetrics } from "../../live/metrics";
import { rate, total, type Reading } from "../../model/prometheus";
import { bytes, exact, figure } from "../../model/time";
import { LogLevels } from "./log-levels";

export function Node({ system }: { readonly system: Schemas["System"] }): JSX.Element {
  const { all } = useMetrics();
  const { data: nodes } = useQuery(nodesQuery);
  const now = all.at(-1);
  const isOpen = (id: number): boolean => now === undefined || total(now, "orchestrator_partition_open", { partition: String(id) }) > 0;
  // Of several nodes each shows what it owns.
  const partitions = nodes !== undefined && nodes.items.length > 0 ? system.partitions.filter(({ id }) => isOpen(id)) : system.partitions;
  const before = all.at(-5) ?? all[0];
  return (
    <div className="grid grid-cols-1 gap-4 lg:grid-cols-2">
      <Panel title={`Node ${system.node}`} aside={<Status status={system.ready ? "ready" : "not ready"} />}>
        <Facts items={[
          ["Version", system.version], ["Environment", system.environment], ["Started", <Moment key="started" at={system.started_at} />],
          ["Catalog", `version ${exact(system.catalog_version)}`], ["You are", system.caller],
        ]} />
      </Panel>
      <Panel title="The process"><Process now={now} before={before} /></Panel>
      <Panel title="The store"><Store sizes={system.store ?? undefined} /></Panel>
      <LogLevels />
      <section className="lg:col-span-2">
        <Panel title="Partitions" flush aside={partitions.length === system.partitions.length ? "each is one writer of the journal" : `${String(partitions.length)} of ${String(system.partitions.length)} are on this node`}>
          <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Partitions">
            <table className="w-full text-left">
              <thead><tr className="border-b border-line text-sm text-faint"><th className="px-4 py-2 font-normal">Partition</th><th className="px-2 font-normal">Takes commands</th><th className="px-2 text-right font-normal">Journal</th><th className="px-2 text-right font-normal">Lists have</th><th className="px-2 text-right font-normal">Behind by</th><th className="px-2 text-right font-normal">Commands wait</th><th className="px-4 text-right font-normal">Instances in memory</th></tr></thead>
              <tbody>
                {partitions.map((partition) => {
                  const of = (name: string): string => (now === undefined ? "–" : exact(total(now, name, { partition: String(partition.id) })));
                  const behind = partition.head - partition.reached;
                  return (
                    <tr key={partition.id} className="border-b border-line last:border-b-0">
                      <td className="px-4 py-2 font-medium">{partition.id}</td>
                      <td className="px-2"><Status status={isOpen(partition.id) ? "ready" : "not ready"} /></td>
                      <td className="px-2 text-right">{exact(partition.head)}</td><td className="px-2 text-right">{exact(partition.reached)}</td>
                      <td className={`px-2 text-right ${behind > 1_000 ? "text-waiting" : ""}`}>{exact(behind)}</td>
                      <td className="px-2 text-right">{exact(partition.mailbox)}</td><td className="px-4 text-right">{of("orchestrator_hot_instances")}</td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </div>
        </Panel>
      </section>
    </div>
  );
}

function Store({ sizes }: { readonly sizes: Schemas["StoreSizes"] | undefined }): JSX.Element {
  if (sizes === undefined) return <p className="text-muted">It does not say how large it is for the moment.</p>;
  const { journal_bytes: journal, state_bytes: state, ended_bytes: ended, blob_bytes: blobs } = sizes;
  return (
    <Facts items={[
      ["All of it", <b key="all" className="font-medium">{bytes(journal + state + ended + (blobs ?? 0))}</b>],
      ["Journal", bytes(journal)], ["State", bytes(state)], ["Ended workflows", bytes(ended)],
      ["Large payloads", blobs == null ? "in journal and state" : bytes(blobs)],
    ]} />
  );
}

const MIB = 1_048_576;

function Process({ now, before }: { readonly now: Reading | undefined; readonly before: Reading | undefined }): JSX.Element {
  if (now === undefined || before === undefined) return <p className="text-muted">Its figures are being read.</p>;
  const per = (name: string): string => {
    const found = rate(before, now, name);
    return found === undefined ? "–" : figure(found);
  };
  return (
    <Facts items={[
      ["Memory", `${figure(total(now, "process_resident_memory_bytes") / MIB)} MiB`],
      ["Processor", `${figure(100 * (rate(before, now, "process_cpu_seconds_total") ?? 0))} % of one core`],
      ["Open files", exact(total(now, "process_open_fds"))],
      ["Commits", `${per("orchestrator_commits_total")} a second`], ["Records", `${per("orchestrator_records_total")} a second`],
      ["Refused", `${exact(total(now, "orchestrator_refused_commands_total"))} commands since the start`],
    ]} />
  );
}
