import type { Node, NodeProps } from "@xyflow/react";
import { Link } from "@tanstack/react-router";
import { memo, type JSX } from "react";
import * as icons from "../kit/icons";
import { lookOf } from "../kit/status";
import { Took } from "../kit/time";
import type { FlowStep, StepKind } from "../model/flow";
import type { Box } from "../model/layout";
import { splitNested } from "../model/nested";
import type { Child, LaneCounts } from "../model/run/state";
import { exact } from "../model/time";
import { Handles } from "./handles";

/** What a run says about a step, ready to be drawn. */
export interface StepOverlay {
  readonly status: string;
  /** Its state in words, for those who do not see the drawing. */
  readonly words: string;
  readonly note: string;
  readonly from: number;
  readonly to: number;
  readonly lanes: LaneCounts | undefined;
  readonly undo: "none" | "running" | "done" | "failed";
  /** The workflow that it started. */
  readonly child: Child | undefined;
  /** It will never run, or has not. */
  readonly faint: boolean;
}

export interface BoxData extends Record<string, unknown> {
  readonly box: Box;
  readonly state: StepOverlay | undefined;
  readonly isOpen: boolean;
  readonly onOpen: (step: string) => void;
}

type BoxProps = NodeProps<Node<BoxData>>;

const KIND_ICONS: Readonly<Record<StepKind, typeof icons.Tick>> = {
  adapter: icons.Adapters, workflow: icons.Workflows, parallel: icons.Filter, switch: icons.Right, "for-each": icons.Loop, repeat: icons.Loop,
  wait: icons.Hourglass, decision: icons.Hand, emit: icons.Play, set: icons.Definitions, fail: icons.Cross, complete: icons.Tick,
  break: icons.Slash, group: icons.Ring,
};

export const edgeColour: Readonly<Record<string, string>> = {
  running: "border-running", retrying: "border-waiting", waiting: "border-waiting", deciding: "border-human", failed: "border-failed",
  stuck: "border-failed",
};

const StepNode = memo(function StepNode({ data: { box, state, isOpen, onOpen }, selected }: BoxProps): JSX.Element | null {
  if (box.step === undefined) return null;
  const faint = state?.faint === true;
  return (
    <div className={`relative flex h-full w-full items-center gap-2.5 rounded border bg-raised px-2.5 ${selected ? "ring-2 ring-accent" : ""} ${edgeColour[state?.status ?? ""] ?? "border-line-strong"} ${faint ? "border-dashed" : ""}`}>
      <Handles direction={box.direction} />
      <KindIcon step={box.step} faint={faint} />
      <StepText step={box.step} state={state} />
      {box.step.opens && <OpenButton step={box.step} isOpen={isOpen} onOpen={onOpen} />}
      {state?.child !== undefined && <ChildLink child={state.child} />}
      {state?.lanes !== undefined && <LaneBar lanes={state.lanes} />}
      <UndoMark step={box.step} undo={state?.undo ?? "none"} />
    </div>
  );
});

/** Of a step within a child, its own name. */
function nameOf({ id }: FlowStep): string {
  return splitNested(id)?.[1] ?? id;
}

function KindIcon({ step, faint }: { readonly step: FlowStep; readonly faint: boolean }): JSX.Element {
  const Icon = KIND_ICONS[step.kind];
  return <span className={`inline-flex size-7 shrink-0 items-center justify-center rounded-sm bg-sunken ${faint ? "text-faint" : "text-muted"}`} title={step.kind}><Icon size={14} /></span>;
}

function StepText({ step, state }: { readonly step: FlowStep; readonly state: StepOverlay | undefined }): JSX.Element {
  return (
    <span className="flex min-w-0 flex-1 flex-col">
      <span className={`truncate font-medium ${state?.faint === true ? "text-muted" : ""}`} title={step.id}>{nameOf(step)}</span>
      {state === undefined || state.faint ? <span className="truncate text-sm text-faint" title={step.does}>{step.does}</span> : <StateLine state={state} />}
    </span>
  );
}

function StateLine({ state }: { readonly state: StepOverlay }): JSX.Element {
  const { word, colour, Icon, turns = false } = lookOf(state.status);
  return (
    <span className={`flex items-center gap-1 truncate text-sm ${colour}`}>
      <Icon size={12} className={turns ? "turning" : ""} />
      <span className="truncate">{state.note === "" ? word : state.note}</span>
      {state.from > 0 && state.lanes === undefined && <span className="text-faint"><Took from={state.from} to={state.to} /></span>}
    </span>
  );
}

function OpenButton({ step, isOpen, onOpen }: { readonly step: FlowStep; readonly isOpen: boolean; readonly onOpen: (step: string) => void }): JSX.Element {
  const label = isOpen ? `Close ${nameOf(step)}` : step.kind === "workflow" ? `Open the workflow of ${nameOf(step)}` : `Open what ${nameOf(step)} repeats`;
  return (
    <button type="button" aria-label={label} title={label} onClick={(event) => {
      event.stopPropagation();
      onOpen(step.id);
    }} className="nodrag nopan inline-flex size-6 shrink-0 items-center justify-center rounded text-muted hover:bg-hover"><icons.Down size={14} className={isOpen ? "rotate-180" : ""} /></button>
  );
}

function ChildLink({ child }: { readonly child: Child }): JSX.Element {
  const label = `Go to ${child.workflow} ${child.id.slice(-6)}, which it started`;
  return (
    <Link to="/workflows/$id" params={{ id: child.id }} aria-label={label} title={label} onClick={(event) => event.stopPropagation()}
      className="nodrag nopan inline-flex size-6 shrink-0 items-center justify-center rounded text-accent-text hover:bg-hover"><icons.Right size={14} /></Link>
  );
}

/** A block's lanes by what became of them. */
function LaneBar({ lanes }: { readonly lanes: LaneCounts }): JSX.Element {
  const running = lanes.opened - lanes.completed - lanes.failed - lanes.cancelled;
  const parts = [["bg-completed", lanes.completed], ["bg-failed", lanes.failed], ["bg-idle", lanes.cancelled], ["bg-running", running]] as const;
  const total = Math.max(1, lanes.total);
  return (
    <span aria-hidden="true" className="absolute inset-x-2.5 bottom-1 flex h-1 overflow-hidden rounded-full bg-sunken">
      {parts.map(([colour, count]) => count > 0 && <span key={colour} className={colour} style={{ width: `${String((100 * count) / total)}%` }} />)}
    </span>
  );
}

/** That a step can be undone, and whether it was. */
function UndoMark({ step, undo, top = false }: { readonly step: FlowStep; readonly undo: StepOverlay["undo"]; readonly top?: boolean }): JSX.Element | null {
  if (undo === "none" && step.undo === "") return null;
  const [colour, word] = undo === "none" ? ["border-line text-faint", `undone by ${step.undo}`]
    : undo === "failed" ? ["border-failed text-failed", "could not be undone"]
    : undo === "running" ? ["border-undone text-undone", "is being undone"] : ["border-undone text-undone", "undone"];
  return (
    <span title={word} className={`absolute right-2 inline-flex ${top ? "-top-2" : "-bottom-2"} items-center gap-1 rounded-full border bg-raised px-1.5 text-xs leading-[14px] ${colour}`}>
      <icons.Back size={10} />{undo === "none" ? step.undo : word}
    </span>
  );
}

const BlockNode = memo(function BlockNode({ data: { box, state, isOpen, onOpen }, selected }: BoxProps): JSX.Element | null {
  if (box.step === undefined) return null;
  return (
    <div className={`h-full w-full rounded border bg-surface ${selected ? "ring-2 ring-accent" : ""} ${edgeColour[state?.status ?? ""] ?? "border-line-strong"} ${state?.faint === true ? "border-dashed" : ""}`}>
      <Handles direction={box.direction} block />
      <div className="flex h-10 items-center gap-2 px-2.5">
        <KindIcon step={box.step} faint={state?.faint === true} />
        <span className="truncate font-medium">{nameOf(box.step)}</span>
        {state === undefined || state.faint ? <span className="truncate text-sm text-faint">{box.step.does}</span> : <StateLine state={state} />}
        <span className="flex-1" />
        {state?.child !== undefined && <ChildLink child={state.child} />}
        {box.step.opens && <OpenButton step={box.step} isOpen={isOpen} onOpen={onOpen} />}
      </div>
      <UndoMark step={box.step} undo={state?.undo ?? "none"} top />
    </div>
  );
});

const LaneNode = memo(function LaneNode({ data: { box } }: BoxProps): JSX.Element {
  return (
    <div className="h-full w-full rounded border border-dashed border-line px-2">
      <span className="block truncate font-mono text-xs leading-6 text-faint" title={box.list?.label}>{box.list?.label}</span>
    </div>
  );
});

const TriggerNode = memo(function TriggerNode({ data: { box, state } }: BoxProps): JSX.Element {
  return (
    <div className="flex h-full w-full items-center justify-center gap-2 rounded-full border border-line-strong bg-raised px-3 text-sm text-muted">
      <Handles direction={box.direction} />
      <icons.Play size={12} /><span className="truncate">{state?.note ?? "start"}</span>
    </div>
  );
});

export const NODE_TYPES = { step: StepNode, block: BlockNode, lane: LaneNode, trigger: TriggerNode };

export function laneWords(lanes: LaneCounts): string {
  const done = lanes.completed + lanes.failed + lanes.cancelled;
  const failed = lanes.failed > 0 ? `, ${exact(lanes.failed)} failed` : "";
  return `${exact(done)} of ${exact(lanes.total)}${failed}`;
}
