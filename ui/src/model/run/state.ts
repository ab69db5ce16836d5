/** What a run consists of. States are values: a change makes a new one, so that earlier ones stay what they were. */
import type { InstanceStatus, StepStatus } from "../status";
import type { Json, JsonObject } from "../json";

/** One fact of a history, as the API hands it out. */
export interface RunRecord {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly step?: string | null;
  readonly lane?: string | null;
  readonly actor?: string | null;
  readonly cause?: string | null;
  readonly data: Json;
}

export interface Plan {
  readonly adapter: string;
  readonly action: string;
  readonly maxAttempts: number;
}

export interface Child {
  readonly id: string;
  readonly workflow: string;
  readonly version: string;
}

export interface StepError {
  readonly type: string;
  readonly message: string;
  readonly whole: JsonObject;
}

/** A block's lanes by what became of them. */
export interface Lanes {
  readonly total: number;
  readonly opened: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
}

/** What a step is busy with while it is open. */
export type Busy = "nothing" | "call" | "callback" | "retry" | "timer" | "signal" | "child" | "lanes" | "decision";

export interface Undo {
  readonly status: "running" | "done" | "failed";
  readonly busy: Busy;
  /** Lanes of a block that are being undone. */
  readonly lanes: number;
  readonly attempt: number;
  readonly dueAt: number;
  readonly since: number;
  readonly plan: Plan | undefined;
  readonly child: Child | undefined;
  readonly input: Json;
  readonly error: StepError | undefined;
}

/** A step in one lane. */
export interface StepState {
  readonly step: string;
  readonly lane: string;
  readonly status: StepStatus;
  readonly busy: Busy;
  readonly attempt: number;
  readonly generation: number;
  readonly startedAt: number;
  readonly endedAt: number;
  /** When what it waits for is due; 0: nobody knows. */
  readonly dueAt: number;
  /** Since when it is busy with what it is busy with. */
  readonly since: number;
  readonly plan: Plan | undefined;
  readonly child: Child | undefined;
  readonly input: Json;
  readonly output: Json;
  readonly error: StepError | undefined;
  readonly caught: boolean;
  /** The signal that it waits, or waited, for; empty: none. */
  readonly signal: string;
  /** A wait that went on without what it waited for. */
  readonly expired: boolean;
  readonly target: string;
  readonly lanes: Lanes | undefined;
  readonly undo: Undo | undefined;
}

export interface PendingDecision {
  readonly id: string;
  readonly step: string;
  readonly lane: string;
  /** Whether an undo failed, not the step itself. */
  readonly ofUndo: boolean;
  /** `approval`, `question`, `exhausted`, `compensation-approval` or `compensation-failed`. */
  readonly kind: string;
  readonly error: StepError | undefined;
  readonly since: number;
}

export interface InstanceState {
  readonly status: InstanceStatus;
  readonly error: StepError | undefined;
  readonly output: Json;
  readonly endedAt: number;
  readonly undone: boolean;
  readonly decisions: readonly PendingDecision[];
  /** That somebody holds it. */
  readonly pause: Pause | undefined;
}

export interface Pause {
  readonly since: number;
  readonly by: string;
  readonly reason: string;
}

export interface Started {
  readonly at: number;
  readonly workflow: string;
  readonly version: string;
  readonly input: Json;
  readonly correlationId: string;
  readonly trigger: string;
}

/** A stretch of time that a step spent on one thing. */
export interface Segment {
  readonly busy: Busy;
  readonly ofUndo: boolean;
  readonly attempt: number;
  readonly fromSeq: number;
  readonly from: number;
  /** The record that ended it; infinite while it lasts. */
  toSeq: number;
  to: number;
  outcome: "open" | "completed" | "failed" | "cancelled";
  error: StepError | undefined;
  /** The call as it was made and answered, with what is secret masked. */
  exchange: Json;
}

export const UNBEGUN: Omit<StepState, "step" | "lane"> = {
  status: "pending", busy: "nothing", attempt: 0, generation: 1, startedAt: 0, endedAt: 0, dueAt: 0, since: 0,
  plan: undefined, child: undefined, input: null, output: null, error: undefined, caught: false, signal: "", expired: false, target: "",
  lanes: undefined, undo: undefined,
};
