/** A step over all its lanes, as one node shows it. */
import { stepHasEnded, type StepStatus } from "./status";
import type { Run } from "./run/run";
import type { LaneCounts, StepState } from "./run/state";
import { undoWord } from "./run/tally";

export interface StepSummary {
  readonly status: StepStatus;
  /** The one state, where the step began in one lane only. */
  readonly only: StepState | undefined;
  readonly lanes: number;
  readonly byStatus: ReadonlyMap<StepStatus, number>;
  /** The lanes of a block, summed up. */
  readonly inside: LaneCounts | undefined;
  readonly undo: "none" | "running" | "done" | "failed";
}

/** What needs attention outweighs what is fine. */
const ORDER: readonly StepStatus[] = ["deciding", "failed", "retrying", "running", "waiting", "queued", "completed", "skipped", "cancelled", "pending"];

export function summarise(run: Run, step: string, seq: number): StepSummary | undefined {
  const { lanes, byStatus, blocks, inside, undos } = run.tallies.at(step, seq);
  if (lanes === 0) return undefined;
  const only = lanes === 1 ? run.onlyStateOf(step, seq) : undefined;
  const status = ORDER.find((candidate) => byStatus.has(candidate)) ?? "pending";
  const undo = WORST_UNDO.find((word) => undos[word] > 0) ?? "none";
  return { status, only, lanes, byStatus, inside: blocks === 0 ? undefined : inside, undo };
}

const WORST_UNDO = ["failed", "running", "done"] as const;

/** What became of the undo of a step in one lane. */
export function undoOf(state: StepState): StepSummary["undo"] {
  return undoWord(state) ?? "none";
}

/** Whether the way from one step to the next was gone. */
export function wasTaken(from: StepSummary | undefined, to: StepSummary | undefined, role: "next" | "enter" | "leave" | "catch"): boolean {
  // One that is to run again has not been reached yet.
  if (from === undefined || to === undefined || to.status === "pending") return false;
  if (role === "leave") return stepHasEnded(from.status) && to.byStatus.has("completed");
  return role === "enter" || stepHasEnded(from.status) || from.byStatus.has("completed");
}
