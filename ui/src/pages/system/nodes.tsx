import { useQuery } from "@tanstack/react-query";
import type { JSX } from "react";
import type { Schemas } from "../../api/client";
import { nodesQuery } from "../../api/queries";
import { Empty } from "../../kit/empty";
import { Failure } from "../../kit/notice";
import { Skeleton } from "../../kit/page";
import { Status } from "../../kit/status";
import { exact } from "../../model/time";
import { DrainSwitch } from "./drain-switch";

/** The nodes that share the store, as the one that answers sees them. */
export function Nodes(): JSX.Element {
  const { data, error, refetch } = useQuery(nodesQuery);
  if (error !== null && data === undefined) return <Failure error={error} retry={() => void refetch()} />;
  if (data === undefined) return <Skeleton lines={4} />;
  if (data.items.length === 0) {
    return <Empty title="This server is alone on its store" command="orchestrator serve --database postgres://… --zone a">Several nodes share a PostgreSQL database: any of them takes any request, and when one is lost the others take over what it had.</Empty>;
  }
  return (
    <div className="overflow-x-auto rounded border border-line bg-raised" tabIndex={0} role="region" aria-label="Nodes">
      <table className="w-full text-left">
        <thead><tr className="border-b border-line text-sm text-faint"><th className="px-4 py-2 font-normal">Node</th><th className="px-2 font-normal">State</th><th className="px-2 font-normal">Zone</th><th className="px-2 font-normal">Region</th><th className="px-2 font-normal">Address</th><th className="px-2 font-normal">Version</th><th className="px-2 text-right font-normal">Partitions</th><th className="px-4"><span className="sr-only">Switch</span></th></tr></thead>
        <tbody>{data.items.map((node) => <Row key={node.id} node={node} />)}</tbody>
      </table>
    </div>
  );
}

function Row({ node }: { readonly node: Schemas["Node"] }): JSX.Element {
  return (
    <tr className="border-b border-line last:border-b-0">
      <td className="px-4 py-2 font-medium whitespace-nowrap">{node.name}{node.asked && <span className="font-normal text-faint"> answers here</span>}</td>
      <td className="px-2">
        <Status status={node.live && node.unfit == null ? "ready" : "not ready"} />
        {!node.live && <span className="text-sm text-muted"> silent for {exact(Math.round(node.silent_ms / 1_000))} s</span>}
        {node.live && node.unfit != null && <span className="text-sm text-muted"> {node.unfit}</span>}
      </td>
      <td className="px-2">{node.zone === "" ? "–" : node.zone}</td><td className="px-2">{node.region === "" ? "–" : node.region}</td>
      <td className="px-2">{node.url}</td><td className="px-2">{node.version}</td>
      <td className="px-2 text-right">{exact(node.partitions)}</td>
      <td className="px-4 text-right">{node.live && <DrainSwitch node={node} />}</td>
    </tr>
  );
}
