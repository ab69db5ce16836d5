import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useMemo, useState, type JSX } from "react";
import { definitionQuery, versionQuery } from "../../api/queries";
import { definitionRoute } from "../../app/router";
import { Button } from "../../kit/button";
import * as icons from "../../kit/icons";
import { JsonView } from "../../kit/json-view";
import { Failure } from "../../kit/notice";
import { Facts, Skeleton } from "../../kit/page";
import { Tabs } from "../../kit/tabs";
import { Select } from "../../kit/select";
import { FlowGraph } from "../../graph/flow-graph";
import { useChildren } from "../../graph/use-children";
import { parseFlow, stepsOf } from "../../model/flow";
import { text } from "../../model/json";
import { splitNested } from "../../model/nested";
import { SidePanel } from "../../kit/side-panel";
import { MigrateMany } from "./migrate-many";
import { PinDialog } from "./pin-dialog";
import { StartDialog } from "./start-dialog";
import { VersionFacts } from "./version-facts";

// What only these tabs need (a YAML printer) is fetched with them.
const Source = lazy(() => import("./source"));

const TABS = ["graph", "source", "versions"] as const;
const NAMES = { graph: "Graph", source: "Source", versions: "Versions" } as const;

export default function DefinitionPage(): JSX.Element {
  const { name } = definitionRoute.useParams();
  const search = definitionRoute.useSearch();
  const navigate = useNavigate({ from: "/definitions/$name" });
  const change = useCallback((next: Record<string, string | undefined>) => void navigate({ search: (before) => ({ ...before, ...next }), replace: true }), [navigate]);
  const definition = useQuery(definitionQuery(name));
  const version = search.version ?? definition.data?.default_version ?? "";
  const shown = useQuery(versionQuery(name, version));
  const [pinning, setPinning] = useState(false);
  const document = shown.data?.document;
  const flow = useMemo(() => (document === undefined ? undefined : parseFlow(document)), [document]);
  const tab = TABS.find((each) => each === search.tab) ?? "graph";
  const error = definition.error ?? shown.error;
  return (
    <div className="flex min-h-full flex-col md:h-full">
      <div className="flex flex-col gap-3 px-4 pt-4 pb-3 lg:px-6">
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <h1 className="min-w-0 flex-1 text-xl max-sm:basis-full font-semibold tracking-[-0.01em]">{name}</h1>
          <label className="flex items-center gap-2"><span className="text-sm text-muted">Version</span>
            <Select  value={version} onChange={(event) => change({ version: event.target.value })}>
              {(definition.data?.versions ?? [version]).toReversed().map((each) => <option key={each} value={each}>{each}{each === definition.data?.default_version ? " (default)" : ""}</option>)}
            </Select>
          </label>
          {version !== "" && <MigrateMany key={version} workflow={name} to={version} />}
          {definition.data !== undefined && <Button onClick={() => setPinning(true)}>{version !== definition.data.default_version ? "Make it the default" : definition.data.pinned ? "Unpin" : "Pin"}</Button>}
          <Button look="main" onClick={() => change({ start: "yes" })}><icons.Play size={14} />Start</Button>
        </div>
        {error !== null && <Failure error={error} retry={() => void definition.refetch()} />}
        {shown.data !== undefined && <VersionFacts version={shown.data} isDefault={version === definition.data?.default_version} />}
        <Tabs label="Views" tabs={TABS.map((id) => ({ id, name: NAMES[id] }))} current={tab} onChange={(id) => change({ tab: id === "graph" ? undefined : id })} />
      </div>
      <div role="tabpanel" aria-label={NAMES[tab]} className="flex min-h-[420px] flex-1 border-t border-line bg-raised max-md:h-[65dvh] md:min-h-0">
        {flow === undefined ? <div className="flex-1 p-6"><Skeleton lines={6} /></div>
          : tab === "graph" ? <Graph flow={flow} search={search} change={change} />
          : <Suspense fallback={<div className="flex-1 p-6"><Skeleton lines={8} /></div>}><Source name={name} version={version} versions={definition.data?.versions ?? []} against={tab === "versions" ? (search.against ?? "") : undefined} onAgainst={(against) => change({ against })} /></Suspense>}
      </div>
      {search.start === "yes" && shown.data !== undefined && <StartDialog definition={shown.data} onClose={() => change({ start: undefined })} />}
      {pinning && definition.data !== undefined && <PinDialog definition={definition.data} version={version} onClose={() => {
        setPinning(false);
        void definition.refetch();
      }} />}
    </div>
  );
}

interface GraphProps {
  readonly flow: ReturnType<typeof parseFlow>;
  readonly search: { readonly open?: string; readonly step?: string };
  readonly change: (next: Record<string, string | undefined>) => void;
}

function Graph({ flow, search, change }: GraphProps): JSX.Element {
  const openText = search.open ?? "";
  const open = useMemo(() => new Set(openText.split(",").filter((id) => id !== "")), [openText]);
  const { flow: whole } = useChildren(flow, open);
  const navigate = useNavigate();
  const select = (id: string | undefined): void => {
    const [outer, inner] = splitNested(id ?? "") ?? [];
    const starter = outer === undefined ? undefined : [...stepsOf(flow)].find((each) => each.id === outer);
    // A step of another workflow is looked at on that workflow's own page.
    if (starter !== undefined && inner !== undefined) void navigate({ to: "/definitions/$name", params: { name: text(starter.document, "workflow") }, search: { step: inner } });
    else change({ step: id });
  };
  const onOpen = useCallback((step: string) => {
    const next = open.has(step) ? [...open].filter((id) => id !== step) : [...open, step];
    change({ open: next.length === 0 ? undefined : next.join(",") });
  }, [open, change]);
  const step = search.step === undefined ? undefined : [...stepsOf(flow)].find((each) => each.id === search.step);
  return (
    <>
      <div className="min-w-0 flex-1"><FlowGraph flow={whole} open={open} selected={search.step} onSelect={select} onOpen={onOpen} /></div>
      {step !== undefined && (
        <SidePanel title={step.id} onClose={() => change({ step: undefined })}>
          <div className="flex flex-col gap-4">
            <Facts items={[["Kind", step.kind], ["Does", step.does], ...(step.undo === "" ? [] : [["Undone by", step.undo] as const])]} />
            <JsonView value={step.document} label="the step's definition" />
          </div>
        </SidePanel>
      )}
    </>
  );
}
