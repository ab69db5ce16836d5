import { useQueries, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { JSX } from "react";
import type { Schemas } from "../../api/client";
import { adaptersQuery, definitionQuery, definitionsQuery } from "../../api/queries";
import { adaptersRoute } from "../../app/router";
import { Empty } from "../../kit/empty";
import { JsonView } from "../../kit/json-view";
import { Failure } from "../../kit/notice";
import { Facts, Page, Skeleton } from "../../kit/page";
import { useMetrics } from "../../live/metrics";
import { parseFlow, stepsOf } from "../../model/flow";
import { text } from "../../model/json";
import { rate, total } from "../../model/prometheus";
import { exact, figure } from "../../model/time";
import { SidePanel } from "../../kit/side-panel";
import { Standing, stateOf } from "./standing";
import { Targets } from "./targets";

type Adapter = Schemas["Adapter"];

export default function AdaptersPage(): JSX.Element {
  const { name } = adaptersRoute.useSearch();
  const navigate = useNavigate({ from: "/adapters" });
  const { data, error, refetch } = useQuery(adaptersQuery);
  const chosen = data?.items.find((adapter) => adapter.name === name);
  return (
    <div className="flex min-h-full md:h-full">
      <div className="min-w-0 flex-1 md:overflow-y-auto">
        <Page title="Adapters">
          {error !== null && <Failure error={error} retry={() => void refetch()} />}
          {data === undefined && error === null && <Skeleton lines={6} />}
          {data?.items.length === 0 && <Empty title="No adapter is defined yet" command="orchestrator apply -f adapters.yaml">An adapter is a connection to an outside system: its address, its actions, how often to try again. It is a YAML file, given to the server so:</Empty>}
          {data !== undefined && data.items.length > 0 && <Table adapters={data.items} chosen={name} />}
        </Page>
      </div>
      {chosen !== undefined && <SidePanel title={chosen.name} onClose={() => void navigate({ search: {} })}><Detail adapter={chosen} /></SidePanel>}
    </div>
  );
}

function Table({ adapters, chosen }: { readonly adapters: readonly Adapter[]; readonly chosen: string | undefined }): JSX.Element {
  const { all } = useMetrics();
  const now = all.at(-1);
  const before = all.at(-15) ?? all[0];
  const figureOf = (name: string, adapter: string): string => (now === undefined ? "–" : exact(total(now, name, { adapter })));
  return (
    <div className="overflow-x-auto rounded border border-line bg-raised" tabIndex={0} role="region" aria-label="Adapters">
      <table className="w-full text-left">
        <thead><tr className="border-b border-line text-sm text-faint"><th className="px-4 py-2 font-normal">Adapter</th><th className="px-2 font-normal max-sm:hidden">Address</th><th className="px-2 font-normal">State</th><th className="px-2 font-normal max-md:hidden">Actions</th><th className="px-2 text-right font-normal">Under way</th><th className="px-2 text-right font-normal">Wait</th><th className="px-4 text-right font-normal">A second</th></tr></thead>
        <tbody>
          {adapters.map((adapter) => (
            <tr key={adapter.name} className={`border-b border-line last:border-b-0 ${adapter.name === chosen ? "bg-selected" : "hover:bg-hover"}`}>
              <td className="px-4 py-2.5"><Link to="/adapters" search={{ name: adapter.name }} className="font-medium hover:underline">{adapter.name}</Link> <span className="text-sm text-faint">{adapter.type}</span></td>
              <td className="max-w-60 truncate px-2 text-muted max-sm:hidden"><code>{text(adapter.document, "url") || "in process"}</code></td>
              <td className={`px-2 whitespace-nowrap ${stateOf(adapter) === "running" ? "text-muted" : "text-failed"}`}>{stateOf(adapter)}</td>
              <td className="px-2 text-sm text-muted max-md:hidden">{adapter.actions.join(", ")}</td>
              <td className="px-2 text-right">{figureOf("orchestrator_calls_in_flight", adapter.name)}</td>
              <td className="px-2 text-right">{figureOf("orchestrator_calls_waiting", adapter.name)}</td>
              <td className="px-4 text-right">{now === undefined || before === undefined ? "–" : figure(rate(before, now, "orchestrator_calls_started_total", { adapter: adapter.name }) ?? 0)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Detail({ adapter }: { readonly adapter: Adapter }): JSX.Element {
  const users = useUsers(adapter.name);
  return (
    <div className="flex flex-col gap-5">
      <Standing adapter={adapter} />
      <Targets adapter={adapter.name} />
      <Facts items={[["Type", adapter.type], ["Actions", adapter.actions.join(", ") || "none"], ["When none is named", adapter.default_action ?? "none"]]} />
      <section className="flex flex-col gap-1.5">
        <h3 className="text-sm font-semibold text-muted">Called by</h3>
        {users.length === 0 && <p className="text-muted">No default version of a workflow calls it.</p>}
        <ul className="flex flex-col gap-1">
          {users.map(({ workflow, step, undo }) => (
            <li key={`${workflow}/${step}${String(undo)}`}><Link to="/definitions/$name" params={{ name: workflow }} search={{ step }} className="text-accent-text hover:underline">{workflow}</Link> <span className="text-muted">at {step}{undo && ", to undo it"}</span></li>
          ))}
        </ul>
      </section>
      <section className="flex flex-col gap-1.5"><h3 className="text-sm font-semibold text-muted">As applied</h3><JsonView value={adapter.document} label="the adapter" /></section>
    </div>
  );
}

interface User {
  readonly workflow: string;
  readonly step: string;
  readonly undo: boolean;
}

function useUsers(adapter: string): User[] {
  const names = useQuery(definitionsQuery).data?.items.map((definition) => definition.name) ?? [];
  const definitions = useQueries({ queries: names.map((name) => ({ ...definitionQuery(name), staleTime: 30_000 })) });
  return definitions.flatMap(({ data }) => (data === undefined ? [] : [...stepsOf(parseFlow(data.document))].flatMap((step): User[] => {
    const undo = step.document["compensation"];
    return [
      ...(text(step.document, "adapter") === adapter ? [{ workflow: data.name, step: step.id, undo: false }] : []),
      ...(undo !== undefined && text(undo, "adapter") === adapter ? [{ workflow: data.name, step: step.id, undo: true }] : []),
    ];
  })));
}
