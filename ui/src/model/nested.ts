/**
 * Workflows that steps start, drawn in place of those steps. The steps inside have the name of the outer one before
 * theirs (`ship/book`), which no step of a definition can have.
 */
import { momentOf, type StepSnapshot } from "./run/rewrite";
import { UNBEGUN, type StepState } from "./run/state";
import { stepsOf, type Flow, type FlowList, type FlowStep } from "./flow";
import { stepHasEnded, type StepStatus } from "./status";
import type { StepSummary } from "./summary";

export function nestedId(outer: string, inner: string): string {
  return `${outer}/${inner}`;
}

/** The outer step and the one inside; undefined where it is a step of the flow itself. */
export function splitNested(id: string): readonly [outer: string, inner: string] | undefined {
  const at = id.indexOf("/");
  return at < 0 ? undefined : [id.slice(0, at), id.slice(at + 1)];
}

/** The flow with those of its children in it that are given, by the step that starts them. */
export function withChildren(flow: Flow, children: ReadonlyMap<string, Flow>): Flow {
  if (children.size === 0) return flow;
  const into = (list: FlowList): FlowList => ({ ...list, steps: list.steps.map(withChild) });
  const withChild = (step: FlowStep): FlowStep => {
    const child = children.get(step.id);
    const lists = child === undefined ? step.lists.map(into) : [inside(child.root, step.id, `${child.name} ${child.version}`)];
    return { ...step, lists, catches: step.catches.map(into) };
  };
  return { ...flow, root: into(flow.root), final: flow.final === undefined ? undefined : into(flow.final) };
}

function inside(list: FlowList, outer: string, label: string): FlowList {
  const named = (id: string): string => nestedId(outer, id);
  const nest = (inner: FlowList): FlowList => inside(inner, outer, inner.label);
  return {
    ...list, label,
    steps: list.steps.map((step) => ({
      ...step, id: named(step.id), needs: step.needs?.map(named), lists: step.lists.map(nest), catches: step.catches.map(nest),
      // Its own children are opened on its own page.
      opens: step.opens && step.kind !== "workflow",
    })),
  };
}

/** The ids of the steps in it that start a workflow. */
export function startersOf(flow: Flow): readonly FlowStep[] {
  return [...stepsOf(flow)].filter((step) => step.kind === "workflow");
}

/**
 * How the steps of a child stood at a time, told from how they stand now: what ended later was under way. Undefined: as
 * they stand now.
 */
export function summariesInside(outer: string, steps: readonly StepSnapshot[], at: number | undefined): Map<string, StepSummary> {
  return new Map(steps.flatMap((step): [string, StepSummary][] => {
    const state = stateAt(step, at);
    if (state === undefined) return [];
    const undo = step.compensation === "running" || step.compensation === "done" || step.compensation === "failed" ? step.compensation : "none";
    return [[nestedId(outer, step.id), { status: state.status, only: state, lanes: 1, byStatus: new Map([[state.status, 1]]), inside: undefined, undo: at === undefined ? undo : "none" }]];
  }));
}

function stateAt({ id, lane, status, attempt_count: attempt, started_at: started, ended_at: ended }: StepSnapshot, at: number | undefined): StepState | undefined {
  const [startedAt, endedAt] = [momentOf(started), momentOf(ended)];
  const present = at === undefined;
  if (status === "pending" || (startedAt === 0 && endedAt === 0) || (!present && startedAt > at)) return undefined;
  const isOver = present || (endedAt > 0 && endedAt <= at);
  const then = isOver || !stepHasEnded(status as StepStatus) ? (status as StepStatus) : "running";
  return { ...UNBEGUN, step: id, lane, laneId: 0, status: then, attempt, startedAt: startedAt || endedAt, endedAt: isOver ? endedAt : 0, since: startedAt || endedAt };
}
