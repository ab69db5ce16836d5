import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { JSX } from "react";
import { routersQuery, type Router } from "../../api/events";
import { routersRoute } from "../../app/router";
import { Empty } from "../../kit/empty";
import * as icons from "../../kit/icons";
import { useKeys } from "../../kit/keys";
import { Failure } from "../../kit/notice";
import { Page, Skeleton } from "../../kit/page";
import { Tabs } from "../../kit/tabs";
import { exact } from "../../model/time";
import { Explain } from "./explain";
import { Rules } from "./rules";

export default function RoutersPage(): JSX.Element {
  const { name } = routersRoute.useSearch();
  const { data, error, refetch } = useQuery(routersQuery);
  const routers = data?.items ?? [];
  const router = routers.find((each) => each.name === name) ?? (name === undefined ? routers[0] : undefined);
  return (
    <Page filled title="Routers">
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <Skeleton lines={6} />}
      {data?.items.length === 0 && (
        <Empty title="No router is defined yet" command="orchestrator apply -f router.yaml">
          A router sends events to workflows and adapters by their content: the first rule that holds decides, or every one that does. It is a YAML file, given to the server so:
        </Empty>
      )}
      {routers.length > 0 && router === undefined && <Empty title="There is no such router">It may have been taken away, or the address is misspelt. <Link to="/routers" search={{}} className="text-accent-text underline">Show all routers</Link>.</Empty>}
      {router !== undefined && <Both routers={routers} router={router} />}
    </Page>
  );
}

function Both({ routers, router }: { readonly routers: readonly Router[]; readonly router: Router }): JSX.Element {
  const { explain, event } = routersRoute.useSearch();
  const navigate = useNavigate({ from: "/routers" });
  const at = routers.indexOf(router);
  const open = (next: Router | undefined): void => void (next !== undefined && navigate({ search: (before) => ({ ...before, name: next.name }), replace: true }));
  useKeys({ j: () => open(routers[at + 1]), k: () => open(routers[at - 1]) });
  const tab = explain === "yes" ? "explain" : "rules";
  return (
    <div className="grid min-h-0 flex-1 gap-4 max-md:grid-rows-[auto_1fr] md:grid-cols-[minmax(220px,1fr)_3fr]">
      <nav aria-label="List of routers" className="min-h-0 overflow-y-auto rounded border border-line bg-raised max-md:max-h-[164px]">
        <ul>
          {routers.map((each) => (
            <li key={each.name} className={`border-b border-line ${each === router ? "bg-selected" : "hover:bg-hover"}`}>
              <Link to="/routers" search={(before) => ({ ...before, name: each.name })} replace aria-current={each === router ? "true" : undefined} className="flex h-[52px] flex-col justify-center px-3">
                <span className="flex items-center gap-2"><icons.Routers size={14} className="text-muted" /><span className="min-w-0 flex-1 truncate font-medium">{each.name}</span></span>
                <span className="truncate text-sm text-muted">{modeWords(each)}</span>
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <section aria-label={`The router ${router.name}`} tabIndex={0} className="min-h-0 overflow-y-auto rounded border border-line bg-raised">
        <div className="flex flex-col gap-4 p-4">
          <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
            <h2 className="min-w-0 flex-1 text-lg font-semibold break-words">{router.name}</h2>
            <Tabs label="Views" tabs={[{ id: "rules", name: "Rules" }, { id: "explain", name: "Explain" }]} current={tab} onChange={(next) => void navigate({ search: (before) => ({ ...before, explain: next === "explain" ? "yes" : "" }), replace: true })} />
          </div>
          {tab === "rules" ? <Rules router={router} /> : <Explain key={`${router.name}/${event ?? ""}`} router={router.name} event={event} />}
        </div>
      </section>
    </div>
  );
}

function modeWords({ mode, rules }: Router): string {
  return `${exact(rules)} ${rules === 1 ? "rule" : "rules"}, ${mode === "all" ? "all that hold decide" : "the first that holds decides"}`;
}
