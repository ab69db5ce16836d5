import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo, useState, type JSX } from "react";
import { genealogyQuery, type Detail, type Genealogy } from "../../api/events";
import { ApiProblem } from "../../api/problem";
import { correlationRoute } from "../../app/router";
import { GenealogyGraph } from "../../graph/genealogy-graph";
import { Button } from "../../kit/button";
import { Empty } from "../../kit/empty";
import { CopyButton, ShortId } from "../../kit/id";
import { useKeys } from "../../kit/keys";
import { useNarrow } from "../../kit/narrow";
import { Failure } from "../../kit/notice";
import { Skeleton } from "../../kit/page";
import { SidePanel } from "../../kit/side-panel";
import { Tabs } from "../../kit/tabs";
import { useLiveQueries } from "../../live/hooks";
import { beginning, keepLine, plan, titleOf, type Line, type Lineage } from "../../model/genealogy";
import { exact } from "../../model/time";
import { InOrder } from "./in-order";
import { NodeDetail } from "./node-detail";

const LIVE_PAUSE = 500;
/** What comes without a record (an event that nothing takes) is seen by then. */
const SLOWLY = 10_000;

const DETAILS: readonly { readonly id: Detail; readonly name: string }[] = [{ id: "workflows", name: "Workflows" }, { id: "steps", name: "Steps" }, { id: "attempts", name: "Attempts" }];
const VIEWS = [{ id: "graph", name: "Graph" }, { id: "order", name: "In order" }] as const;

export default function CorrelationPage(): JSX.Element {
  const { id } = correlationRoute.useParams();
  const search = correlationRoute.useSearch();
  const navigate = useNavigate({ from: "/correlations/$id" });
  const change = useCallback((next: Record<string, string | undefined>) => void navigate({ search: (before) => ({ ...before, ...next }), replace: true }), [navigate]);
  const detail = DETAILS.find((each) => each.id === search.detail)?.id ?? "steps";
  const { data, error, refetch } = useQuery({ ...genealogyQuery(id, detail), refetchInterval: SLOWLY });
  useLiveQueries(["correlations", id], (record) => record.correlation_id === id, LIVE_PAUSE);
  const narrow = useNarrow();
  const view = VIEWS.find((each) => each.id === search.view)?.id ?? (narrow ? "order" : "graph");
  if (error instanceof ApiProblem && error.status === 404) return <Unknown id={id} />;
  return (
    <div className="flex min-h-full flex-col md:h-full">
      <div className="flex flex-col gap-3 px-4 pt-4 pb-3 lg:px-6">
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <h1 className="flex min-w-0 flex-1 basis-72 items-center gap-1 text-xl font-semibold tracking-[-0.01em]">Correlation <span className="font-normal"><ShortId id={id} /></span><CopyButton text={id} what="the correlation id" /></h1>
          <Link to="/workflows" search={{ correlation_id: id }} className="rounded text-sm text-accent-text hover:underline">Its workflows as a list</Link>
        </div>
        {data !== undefined && <Summary genealogy={data} />}
        {error !== null && <Failure error={error} retry={() => void refetch()} />}
        <div className="flex flex-wrap items-center gap-x-6 gap-y-2">
          <Tabs label="View" tabs={VIEWS} current={view} onChange={(next) => change({ view: next })} />
          <Tabs label="How much of it" tabs={DETAILS} current={detail} onChange={(next) => change({ detail: next === "steps" ? undefined : next })} />
        </div>
      </div>
      <div className="flex min-h-[420px] flex-1 border-t border-line max-md:h-[65dvh] md:min-h-0">
        {data === undefined ? <div className="flex-1 p-6"><Skeleton lines={8} /></div> : <Whole genealogy={data} view={view} detail={detail} search={search} change={change} />}
      </div>
    </div>
  );
}

const KINDS = ["schedule", "event", "workflow", "step", "attempt"] as const;

/** How much there is, and whether something lacks. */
function Summary({ genealogy: { nodes, truncated, incomplete = [] } }: { readonly genealogy: Genealogy }): JSX.Element {
  const counts = new Map(KINDS.map((kind) => [kind, nodes.filter((node) => node.kind === kind).length]));
  return (
    <div className="text-sm text-muted">
      <p>{[...counts].filter(([, count]) => count > 0).map(([kind, count]) => `${exact(count)} ${count === 1 ? kind : `${kind}s`}`).join(" · ")}</p>
      {truncated === true && <p className="text-waiting">There is more than is shown: of the newest workflows the steps or attempts are left out. Show less of each, or one line of it.</p>}
      {incomplete.length > 0 && <p className="text-waiting">The newest may lack: the server is behind with it and catches up by itself.</p>}
    </div>
  );
}

interface WholeProps {
  readonly genealogy: Genealogy;
  readonly view: "graph" | "order";
  readonly detail: Detail;
  readonly search: { readonly node?: string; readonly line?: string };
  readonly change: (next: Record<string, string | undefined>) => void;
}

function Whole({ genealogy, view, detail, search: { node: selected, line: written }, change }: WholeProps): JSX.Element {
  const line: Line = written === "ancestors" || written === "descendants" ? written : "all";
  // A line is that of the node that is chosen: another one has another line.
  const shown = useMemo((): Lineage => keepLine(genealogy, selected ?? "", line), [genealogy, selected, line]);
  const order = useMemo(() => plan(shown).spots.map(({ node }) => node.id), [shown]);
  const since = beginning(genealogy.nodes) ?? 0;
  const node = genealogy.nodes.find(({ id }) => id === selected);
  const [active, setActive] = useState(-1);
  const move = (by: number): void => {
    const next = Math.max(0, Math.min(order.length - 1, active + by));
    setActive(next);
    change({ node: order[next] });
  };
  useKeys({ j: () => move(1), k: () => move(-1), escape: () => (line === "all" ? change({ node: undefined }) : change({ line: undefined })) });
  return (
    <>
      <div className="flex min-w-0 flex-1 flex-col">
        {line !== "all" && node !== undefined && (
          <div className="flex items-center gap-3 border-b border-line bg-selected px-4 py-1.5">
            <span className="min-w-0 truncate">Only what {line === "ancestors" ? "led to" : "came of"} <b className="font-medium">{titleOf(node)}</b></span>
            <Button small onClick={() => change({ line: undefined })}>Show all</Button>
          </div>
        )}
        {view === "graph"
          ? <div className="min-h-0 flex-1 bg-raised"><GenealogyGraph key={`${detail}/${line}`} lineage={shown} since={since} selected={selected} onSelect={(id) => change({ node: id, ...(id === undefined ? { line: undefined } : {}) })} /></div>
          : <div className="flex min-h-0 flex-1 flex-col p-4 lg:px-6"><InOrder lineage={shown} since={since} active={active} selected={selected} /></div>}
      </div>
      {node !== undefined && (
        <SidePanel title={titleOf(node)} onClose={() => change({ node: undefined, line: undefined })}>
          <NodeDetail node={node} edges={genealogy.edges} since={since} onLine={(next) => change({ line: next })} />
        </SidePanel>
      )}
    </>
  );
}

function Unknown({ id }: { readonly id: string }): JSX.Element {
  return (
    <Empty title="Nothing is known of this correlation" command={`orchestrator events list --correlation-id ${id}`}>
      Everything that one cause sets in motion bears the same correlation id. Nothing bears this one: it may be misspelt, or what bore it is past its retention.
    </Empty>
  );
}
