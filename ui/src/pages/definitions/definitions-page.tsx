import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import { countQuery, definitionsQuery } from "../../api/queries";
import { buttonClass } from "../../kit/button";
import { Empty } from "../../kit/empty";
import * as icons from "../../kit/icons";
import { Failure } from "../../kit/notice";
import { Page, Skeleton } from "../../kit/page";
import { isLifecycle, useLiveQueries } from "../../live/hooks";
import { deliveryOf } from "../../model/genealogy";
import { exact } from "../../model/time";

const PAUSE = 2_000;

export default function DefinitionsPage(): JSX.Element {
  const { data, error, refetch } = useQuery(definitionsQuery);
  useLiveQueries(["counts"], isLifecycle, PAUSE);
  const active = useQuery(countQuery({ status: "active" }, "workflow")).data?.groups ?? [];
  const all = useQuery(countQuery({}, "workflow")).data?.groups ?? [];
  const of = (groups: typeof all, name: string): number => groups.find(({ group }) => group["workflow"] === name)?.count ?? 0;
  return (
    <Page title="Definitions">
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <Skeleton lines={5} />}
      {data?.items.length === 0 && <Empty title="No workflow is defined yet" command="orchestrator apply -f workflow.yaml">A definition says which steps there are, what they call and what undoes them. It is a YAML file, given to the server so:</Empty>}
      {data !== undefined && data.items.length > 0 && (
        <div className="overflow-x-auto rounded border border-line bg-raised" tabIndex={0} role="region" aria-label="Definitions">
          <table className="w-full text-left">
            <thead><tr className="border-b border-line text-sm text-faint"><th className="px-4 py-2 font-normal">Workflow</th><th className="px-2 font-normal">Default version</th><th className="px-2 font-normal max-sm:hidden">Versions</th><th className="px-2 text-right font-normal">Open</th><th className="px-2 text-right font-normal max-sm:hidden">All</th><th className="px-4 font-normal"><span className="sr-only">Start</span></th></tr></thead>
            <tbody>
              {data.items.map(({ name, default_version: version, pinned, versions }) => (
                <tr key={name} className="border-b border-line last:border-b-0 hover:bg-hover">
                  <td className="px-4 py-2.5"><Link to="/definitions/$name" params={{ name }} className="font-medium hover:underline">{name}</Link></td>
                  <td className="px-2">{version}{pinned && <span className="ml-2 rounded-sm border border-line-strong px-1 text-xs text-muted">pinned</span>}</td>
                  <td className="px-2 text-muted max-sm:hidden">{exact(versions.length)}</td>
                  <td className="px-2 text-right"><Link to="/workflows" search={{ workflow: name, status: "active" }} className="rounded hover:underline">{exact(of(active, name))}</Link></td>
                  <td className="px-2 text-right max-sm:hidden"><Link to="/workflows" search={{ workflow: name }} className="rounded hover:underline">{exact(of(all, name))}</Link></td>
                  <td className="px-4 text-right"><StartLink name={name} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Page>
  );
}

/** What a callback sends is started by the server alone. */
function StartLink({ name }: { readonly name: string }): JSX.Element {
  const callback = deliveryOf(name);
  if (callback !== undefined) return <Link to="/callbacks" search={{ name: callback }} className="text-sm text-accent-text hover:underline">a callback</Link>;
  return <Link to="/definitions/$name" params={{ name }} search={{ start: "yes" }} className={buttonClass("plain", true)} aria-label={`Start ${name}`}><icons.Play size={12} />Start</Link>;
}
