/** A step over all its lanes, as one node shows it. */
import { stepHasEnded, type StepStatus } from "./status";
import type { Run } from "./run/run";
import type { LaneCounts, StepState } from "./run/state";

export interface StepSummary {
  readonly status: StepStatus;
  /** The one state, where the step began in one lane only. */
  readonly only: StepState | undefined;
  readonly lanes: number;
  readonly byStatus: ReadonlyMap<StepStatus, number>;
  /** The lanes of a block, summed up. */
  readonly inside: LaneCounts | undefined;
  readonly undo: "none" | "running" | "done" | "failed";
  readonly attempts: number;
}

/** What needs attention outweighs what is fine. */
const ORDER: readonly StepStatus[] = ["deciding", "failed", "retrying", "running", "waiting", "queued", "completed", "skipped", "cancelled", "pending"];

export function summarise(run: Run, step: string, seq: number): StepSummary | undefined {
  const states = run.statesOf(step, seq);
  const only = states.length === 1 ? states[0] : undefined;
  if (states.length === 0) return undefined;
  const byStatus = new Map<StepStatus, number>();
  for (const state of states) byStatus.set(state.status, (byStatus.get(state.status) ?? 0) + 1);
  const status = ORDER.find((candidate) => byStatus.has(candidate)) ?? "pending";
  return {
    status, only, lanes: states.length, byStatus, inside: sum(states), undo: undoOf(states),
    attempts: Math.max(...states.map((state) => state.attempt)),
  };
}

function sum(states: readonly StepState[]): LaneCounts | undefined {
  const blocks = states.flatMap((state) => (state.lanes === undefined ? [] : [state.lanes]));
  if (blocks.length === 0) return undefined;
  const add = (key: keyof LaneCounts): number => blocks.reduce((total, lanes) => total + lanes[key], 0);
  return { total: add("total"), opened: add("opened"), completed: add("completed"), failed: add("failed"), cancelled: add("cancelled") };
}

/** What became of the undo, over all lanes. */
export function undoOf(states: readonly StepState[]): StepSummary["undo"] {
  // Of a block whose losers were undone nothing else was asked for: it stands itself.
  const words = states.map(({ undo }) => (undo?.busy === "lanes" && undo.lanes === 0 ? undefined : undo?.status));
  return words.find((word) => word === "failed") ?? words.find((word) => word === "running") ?? words.find((word) => word === "done") ?? "none";
}

/** Whether the way from one step to the next was gone. */
export function wasTaken(from: StepSummary | undefined, to: StepSummary | undefined, role: "next" | "enter" | "leave" | "catch"): boolean {
  // One that is to run again has not been reached yet.
  if (from === undefined || to === undefined || to.status === "pending") return false;
  if (role === "leave") return stepHasEnded(from.status) && to.byStatus.has("completed");
  return role === "enter" || stepHasEnded(from.status) || from.byStatus.has("completed");
}
