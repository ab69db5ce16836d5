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
export interface LaneCounts {
  readonly total: number;
  readonly opened: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
}

export interface Lanes extends LaneCounts {
  /** The number of the first one, where numbers were set aside for all of them. */
  readonly first: number;
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
  /** The number of its lane: a catch has the path of a block's first lane. */
  readonly laneId: number;
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
  /** The run in which it was done, where that is not this one; empty: this one. */
  readonly takenFrom: string;
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
  /** The version of its workflow on which it runs. */
  readonly version: string;
  readonly error: StepError | undefined;
  readonly output: Json;
  readonly endedAt: number;
  readonly undone: boolean;
  readonly decisions: readonly PendingDecision[];
  /** That somebody holds it. */
  readonly pause: Pause | undefined;
  /** Since when it waits for a turn under the limit of its workflow; 0: it does not. */
  readonly turnSince: number;
  /** The record with which it last went on from another state than the one before; 0: none. */
  readonly renewedAt: number;
}

export interface Pause {
  readonly since: number;
  readonly by: string;
  readonly reason: string;
}

export interface Started {
  readonly at: number;
  readonly workflow: string;
  readonly input: Json;
  readonly correlationId: string;
  readonly trigger: string;
}

/** That a run went on from a state that did not follow from the one before. */
export interface Turn {
  readonly seq: number;
  readonly at: number;
  /** The record's type. */
  readonly type: string;
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

export const UNBEGUN: Omit<StepState, "step" | "lane" | "laneId"> = {
  status: "pending", busy: "nothing", attempt: 0, generation: 1, startedAt: 0, endedAt: 0, dueAt: 0, since: 0,
  plan: undefined, child: undefined, input: null, output: null, error: undefined, caught: false, signal: "", expired: false, target: "",
  takenFrom: "", lanes: undefined, undo: undefined,
};
