import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState, type JSX } from "react";
import { ApiProblem } from "../../api/problem";
import { instanceQuery, versionQuery } from "../../api/queries";
import { workflowRoute } from "../../app/router";
import { FlowGraph } from "../../graph/flow-graph";
import { useChildren } from "../../graph/use-children";
import { Empty } from "../../kit/empty";
import { useKeys } from "../../kit/keys";
import { useNarrow } from "../../kit/narrow";
import { Failure, Notice } from "../../kit/notice";
import { Skeleton } from "../../kit/page";
import { Tabs } from "../../kit/tabs";
import { throttled } from "../../live/throttle";
import { useRun, type LiveRun } from "../../live/use-run";
import { parseFlow, stepsOf, type Flow } from "../../model/flow";
import { splitNested, summariesInside } from "../../model/nested";
import { exact } from "../../model/time";
import { reasons } from "../../model/waiting";
import { Actions } from "./actions";
import { Data } from "./data";
import { Header } from "./header";
import { History, RecordPanel } from "./history";
import { overlayOf } from "./overlay";
import { Here } from "./past/here";
import { usePosition, type Position } from "./position";
import { SidePanel } from "../../kit/side-panel";
import { Slider } from "./slider";
import { StepPanel } from "./step-panel";
import { Timeline } from "./timeline";
import { Why } from "./why";

const TABS = ["graph", "timeline", "history", "data"] as const;
type Tab = (typeof TABS)[number];
const NAMES: Readonly<Record<Tab, string>> = { graph: "Graph", timeline: "Timeline", history: "History", data: "Data" };
const MOST_REASONS = 20;
/** Records by which what is drawn may lag behind without that being said. */
const FAR = 500;
const CHILDREN_PAUSE = 1_000;
const NO_REASONS = { found: [], total: 0 } as const;

type Search = Readonly<Partial<Record<"tab" | "step" | "lane" | "at" | "open" | "find", string>>>;
type Change = (next: Partial<Record<keyof Search, string | undefined>>) => void;

export default function WorkflowPage(): JSX.Element {
  const { id } = workflowRoute.useParams();
  // Another instance is another page: nothing of the one before stays.
  return <OneWorkflow key={id} id={id} />;
}

function OneWorkflow({ id }: { readonly id: string }): JSX.Element {
  const search = workflowRoute.useSearch();
  const navigate = useNavigate({ from: "/workflows/$id" });
  const change = useCallback<Change>((next) => void navigate({ search: (before) => ({ ...before, ...next }) as Search, replace: true }), [navigate]);
  const instance = useQuery(instanceQuery(id));
  const live = useRun(id, instance.data !== undefined);
  useFreshInstance(id, live);
  const { run } = live;
  const writeAt = useCallback((at: string | undefined) => change({ at }), [change]);
  const position = usePosition(search.at, run.end, writeAt);
  const flow = useFlow(run.started?.workflow ?? instance.data?.workflow ?? "", run.instance.at(position.seq).version || (instance.data?.version ?? ""));
  const tab = TABS.find((each) => each === search.tab) ?? "graph";
  usePageKeys(position, run.end, change);
  const isNarrow = useNarrow();
  const [showsRecord, setShowsRecord] = useState(!isNarrow);
  if (instance.error instanceof ApiProblem && run.end === 0) return <NoSuch id={id} error={instance.error} />;
  const { seq, isLive } = position;
  const all = instance.data?.seq ?? 0;
  // Until the history is there as far as it is known to go, what it says is not yet how things are.
  const isReading = isLive && run.end < all;
  const isFarBehind = isReading && all - run.end > FAR;
  const why = isReading ? NO_REASONS : reasons(run, seq, MOST_REASONS);
  const onStep = (step: string, lane: string): void => change({ step, lane: lane === "" ? undefined : lane });
  const onRecord = (at: number): void => {
    setShowsRecord(true);
    position.go(at);
  };
  return (
    <div className="flex min-h-full flex-col md:h-full">
      <div className="flex flex-col gap-3 px-4 pt-4 pb-3 lg:px-6">
        <Header run={run} seq={seq} isLive={isLive} isReading={isReading} instance={instance.data} id={id} actions={<Actions id={id} run={run} flow={flow} />} />
        {!isLive && <Notice tone="waiting" action={<Here id={id} run={run} seq={seq} flow={flow} onRestored={() => position.go(undefined)} />}>This is how it was after record {exact(seq)} of {exact(run.end)}. What is done by the buttons above is done to it as it is now.</Notice>}
        {isFarBehind && <p className="text-sm text-muted" role="status">Reading the history: {exact(run.end)} of {exact(all)} records</p>}
        <Why id={id} reasons={why.found} total={why.total} isLive={isLive} at={run.timeAt(seq)} instance={isReading ? undefined : run.instance.at(seq)} onStep={onStep} />
        <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
          <Tabs label="Views" tabs={TABS.map((each) => ({ id: each, name: NAMES[each] }))} current={tab} onChange={(next) => change({ tab: next === "graph" ? undefined : next })} />
          {run.end > 0 && <Slider run={run} position={position} />}
        </div>
      </div>
      <div className="flex min-h-[420px] flex-1 border-t border-line bg-raised md:min-h-0">
        <div role="tabpanel" aria-label={NAMES[tab]} aria-busy={isFarBehind} className={`${isFarBehind ? "opacity-60" : ""} relative min-h-0 min-w-0 flex-1 max-md:h-[65dvh] md:overflow-auto`}>
          {run.end === 0 ? <div className="p-6"><Skeleton lines={6} /></div> : <View tab={tab} live={live} position={position} flow={flow} search={search} change={change} id={id} onStep={onStep} onRecord={onRecord} />}
        </div>
        <Selected id={id} tab={tab} live={live} position={position} flow={flow} search={search} change={change} showsRecord={showsRecord} onHideRecord={() => setShowsRecord(false)} />
      </div>
    </div>
  );
}

interface ViewProps {
  readonly tab: Tab;
  readonly live: LiveRun;
  readonly position: Position;
  readonly flow: Flow | undefined;
  readonly search: Search;
  readonly change: Change;
}

interface MainViewProps extends ViewProps {
  readonly id: string;
  readonly onStep: (step: string, lane: string) => void;
  readonly onRecord: (seq: number) => void;
}

function View({ tab, live: { run, version }, position: { seq, isLive }, flow, search, change, id, onStep, onRecord }: MainViewProps): JSX.Element {
  switch (tab) {
    case "graph":
      return flow === undefined ? <div className="p-6"><Skeleton lines={6} /></div> : <RunGraph flow={flow} live={{ run, version }} seq={seq} isLive={isLive} search={search} change={change} />;
    case "timeline":
      return <Timeline run={run} version={version} seq={seq} isLive={isLive} selected={search.step === undefined ? undefined : `${search.lane ?? ""}|${search.step}`} onStep={onStep} />;
    case "history":
      return <History run={run} version={version} seq={seq} isLive={isLive} find={search.find ?? ""} onFind={(find) => change({ find: find === "" ? undefined : find })} onGo={onRecord} />;
    case "data":
      return <Data id={id} run={run} seq={seq} onStep={onStep} />;
  }
}

interface RunGraphProps {
  readonly flow: Flow;
  readonly live: Pick<LiveRun, "run" | "version">;
  readonly seq: number;
  readonly isLive: boolean;
  readonly search: Search;
  readonly change: Change;
}

function RunGraph({ flow, live: { run, version }, seq, isLive, search, change }: RunGraphProps): JSX.Element {
  const navigate = useNavigate();
  const openText = search.open ?? "";
  const open = useMemo(() => new Set(openText.split(",").filter((id) => id !== "")), [openText]);
  const { flow: whole, steps, childOf } = useChildren(flow, open, (step) => run.onlyStateOf(step, seq));
  const at = isLive ? undefined : run.timeAt(seq);
  const inside = new Map([...steps].flatMap(([outer, found]) => [...summariesInside(outer, found, at)]));
  const insideKey = JSON.stringify([...inside].map(([id, { status, only, undo }]) => [id, status, only?.attempt, only?.endedAt, undo]));
  const overlay = useMemo(() => overlayOf(whole, run, seq, open, inside), [whole, run, seq, open, version, insideKey]); // eslint-disable-line react-hooks/exhaustive-deps -- the run is the same object throughout; its version says that it grew
  const select = (step: string | undefined): void => {
    const [outer, inner] = splitNested(step ?? "") ?? [];
    const child = outer === undefined ? undefined : childOf(outer);
    // A step within a child is looked at on the child's own page.
    if (child !== undefined && inner !== undefined) void navigate({ to: "/workflows/$id", params: { id: child.id }, search: { step: inner } });
    else if (outer === undefined) change({ step, lane: undefined });
  };
  const onOpen = useCallback((step: string) => {
    const next = open.has(step) ? [...open].filter((id) => id !== step) : [...open, step];
    change({ open: next.length === 0 ? undefined : next.join(",") });
  }, [open, change]);
  return <FlowGraph flow={whole} overlay={overlay} open={open} selected={search.step} onSelect={select} onOpen={onOpen} />;
}

interface SelectedProps extends ViewProps {
  readonly id: string;
  readonly showsRecord: boolean;
  readonly onHideRecord: () => void;
}

function Selected({ id, tab, live: { run, version }, position: { seq, isLive }, flow, search, change, showsRecord, onHideRecord }: SelectedProps): JSX.Element | null {
  const { step, lane } = search;
  const definition = useMemo(() => (flow === undefined ? undefined : [...stepsOf(flow)].find((each) => each.id === step)), [flow, step]);
  const record = run.records[seq - 1];
  if (tab === "history" && step === undefined) {
    return record === undefined || isLive || !showsRecord ? null : <SidePanel title={record.type} onClose={onHideRecord}><RecordPanel record={record} /></SidePanel>;
  }
  if (step === undefined || run.end === 0) return null;
  return (
    <SidePanel title={step} onClose={() => change({ step: undefined, lane: undefined })}>
      <StepPanel id={id} run={run} version={version} seq={seq} step={step} lane={lane} definition={definition} flow={flow} onLane={(next) => change({ lane: next })} />
    </SidePanel>
  );
}

function useFlow(name: string, version: string): Flow | undefined {
  const document = useQuery(versionQuery(name, version)).data?.document;
  return useMemo(() => (document === undefined ? undefined : parseFlow(document)), [document]);
}

/** What the records do not tell (priority, attributes) is read again when the run grew. */
function useFreshInstance(id: string, { version, state }: LiveRun): void {
  const queries = useQueryClient();
  const isEnded = state === "ended";
  const children = useRef<ReturnType<typeof throttled>>(undefined);
  useEffect(() => {
    const paced = throttled(() => queries.invalidateQueries({ queryKey: ["workflows", "children", id] }), CHILDREN_PAUSE);
    children.current = paced;
    return paced.stop;
  }, [queries, id]);
  useEffect(() => {
    if (version > 0) children.current?.call();
  }, [version]);
  useEffect(() => {
    if (isEnded) void queries.invalidateQueries({ queryKey: instanceQuery(id).queryKey });
  }, [queries, id, isEnded]);
}

function usePageKeys({ seq, go }: Position, end: number, change: Change): void {
  const tabs = Object.fromEntries(TABS.map((tab, index) => [String(index + 1), () => change({ tab: tab === "graph" ? undefined : tab })]));
  const unlessFocused = (work: () => void) => (event: KeyboardEvent): void => {
    // Arrows belong to what is focused where it has a use for them.
    if (!(event.target instanceof HTMLElement) || event.target.closest("[role=tablist], .react-flow__node") === null) work();
  };
  useKeys({
    ...tabs,
    arrowleft: unlessFocused(() => go(seq - 1)),
    arrowright: unlessFocused(() => go(seq + 1)),
    home: () => go(1),
    end: () => go(end),
    escape: () => change({ step: undefined, lane: undefined }),
  });
}

function NoSuch({ id, error }: { readonly id: string; readonly error: ApiProblem }): JSX.Element {
  if (error.status !== 404) return <div className="p-6"><Failure error={error} /></div>;
  return (
    <Empty title="There is no such workflow" command="orchestrator list">
      The server has no instance {id}. It may belong to another server, or the id may be cut off. What there is, is listed so:
    </Empty>
  );
}
