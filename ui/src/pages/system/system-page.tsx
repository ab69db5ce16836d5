import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { JSX } from "react";
import { environmentsQuery, policiesQuery, systemQuery } from "../../api/queries";
import { PauseSwitch } from "../../app/pause-switch";
import { systemRoute } from "../../app/router";
import { Empty } from "../../kit/empty";
import { JsonView } from "../../kit/json-view";
import { Failure } from "../../kit/notice";
import { Page, Panel, Skeleton } from "../../kit/page";
import { Tabs } from "../../kit/tabs";
import { MetricsTable } from "./metrics-table";
import { Node } from "./node";
import { Nodes } from "./nodes";
import { Tasks } from "./tasks";

const TABS = [{ id: "node", name: "Node" }, { id: "nodes", name: "Nodes" }, { id: "tasks", name: "Calls out" }, { id: "metrics", name: "Figures" }, { id: "policies", name: "Policies" }, { id: "environments", name: "Environments" }] as const;

export default function SystemPage(): JSX.Element {
  const { tab: written } = systemRoute.useSearch();
  const navigate = useNavigate({ from: "/system" });
  const system = useQuery(systemQuery).data;
  const tab = TABS.find(({ id }) => id === written)?.id ?? "node";
  return (
    <Page title="System" actions={system !== undefined && !system.paused && <PauseSwitch paused={false} />}>
      <Tabs label="Views" tabs={TABS} current={tab} onChange={(id) => void navigate({ search: id === "node" ? {} : { tab: id }, replace: true })} />
      <div role="tabpanel" aria-label={TABS.find(({ id }) => id === tab)?.name}>
        {tab === "node" && <NodeTab />}
        {tab === "nodes" && <Nodes />}
        {tab === "tasks" && <Tasks />}
        {tab === "metrics" && <MetricsTable />}
        {tab === "policies" && <Policies />}
        {tab === "environments" && <Environments />}
      </div>
    </Page>
  );
}

function NodeTab(): JSX.Element {
  const { data, error, refetch } = useQuery({ ...systemQuery, refetchInterval: 2_000 });
  if (error !== null && data === undefined) return <Failure error={error} retry={() => void refetch()} />;
  return data === undefined ? <Skeleton lines={6} /> : <Node system={data} />;
}

function Policies(): JSX.Element {
  const { data, error } = useQuery(policiesQuery);
  if (error !== null) return <Failure error={error} />;
  if (data === undefined) return <Skeleton lines={6} />;
  return (
    <div className="grid grid-cols-1 gap-4 lg:grid-cols-2">
      {data.items.map((policy) => <Panel key={policy.kind + policy.name} title={policy.name} aside={`${policy.kind}${policy.built_in ? ", built in" : ""}`}><JsonView value={policy.document} label={`the policy ${policy.name}`} /></Panel>)}
    </div>
  );
}

function Environments(): JSX.Element {
  const { data, error } = useQuery(environmentsQuery);
  if (error !== null) return <Failure error={error} />;
  if (data === undefined) return <Skeleton lines={4} />;
  if (data.items.length === 0) return <Empty title="No environment has settings of its own" command="orchestrator apply -f environments.yaml">An environment sets time-outs, retries and variables for the server that runs as it (<code>serve --env production</code>).</Empty>;
  return (
    <div className="grid grid-cols-1 gap-4 lg:grid-cols-2">
      {data.items.map((environment) => <Panel key={environment.name} title={environment.name} aside={environment.active ? "the server runs as it" : ""}><JsonView value={environment.document} label={`the environment ${environment.name}`} /></Panel>)}
    </div>
  );
}
