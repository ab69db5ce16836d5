/**
 * What an act on the past changes. Its record tells who asked and why; the state from which the run goes on is the
 * server's to say, and is laid over what is known here.
 */
import { count, text, type Json, type JsonObject } from "../json";
import { stepHasEnded, type StepStatus } from "../status";
import { changeInstance, changeStep, closeAll, forget } from "./change";
import type { Run } from "./run";
import { begin, keyOf, type StepLine } from "./steps";
import type { Busy, Lanes, Pause, RunRecord, StepError, StepState, Undo } from "./state";

/** A step as the API shows it. */
export interface StepSnapshot {
  readonly id: string;
  readonly lane: string;
  readonly status: string;
  readonly attempt_count: number;
  readonly started_at?: string | null;
  readonly ended_at?: string | null;
  readonly input?: Json;
  readonly output?: Json;
  readonly error?: JsonObject | null;
  readonly caught?: boolean;
  readonly expired?: boolean;
  readonly compensation: string;
  readonly lanes?: { readonly total: number; readonly by_status: Readonly<Record<string, number>> } | null;
}

/** An instance after some record, as the API shows it. */
export interface Snapshot {
  readonly version: string;
  readonly status: string;
  readonly output: Json;
  readonly error?: JsonObject | null;
  readonly paused?: { readonly since: string; readonly by: string; readonly reason: string } | null;
  readonly steps: readonly StepSnapshot[];
}

/** Whether the run goes on from a state that does not follow from the one before and the record. */
export function rewrites({ type }: RunRecord): boolean {
  return type === "instance-retried" || type === "instance-restored" || type === "instance-migrated" || type === "steps-taken";
}

export function rewrite(run: Run, record: RunRecord, snapshot: Snapshot): void {
  const { type, seq, data } = record;
  const goesBack = type === "instance-restored";
  const anew = goesBack || type === "instance-retried";
  const from = goesBack ? count(data, "to_seq") : seq - 1;
  run.turns.push({ seq, at: Date.parse(record.at), type });
  if (goesBack) run.lanes.rewind(from);
  if (anew) run.lanes.beginAnew();
  const rewriting: Rewriting = { run, record, at: Date.parse(record.at), from, generation: highestGeneration(run) + Number(anew) };
  const shown = new Map(snapshot.steps.map((step) => [keyOf(step.lane, step.id), step]));
  for (const line of run.steps.all()) {
    const step = shown.get(line.key);
    if (step === undefined) forget(run, line, seq, rewriting.at);
    else goOn(rewriting, line, step);
    shown.delete(line.key);
  }
  for (const step of shown.values()) {
    if (step.status === "pending") continue;
    goOn(rewriting, run.steps.line(step.lane, step.id, run.lanes.at(step.lane)?.id ?? 0), step);
  }
  changeInstance(run, seq, {
    version: snapshot.version, error: errorOf(snapshot.error), output: snapshot.output, pause: pauseOf(snapshot),
    ...(anew ? { decisions: [], endedAt: 0, undone: false, renewedAt: seq } : {}),
  });
  if (anew) {
    run.phase = snapshot.status === "queued" ? "queued" : "running";
    run.cut = false;
  }
}

interface Rewriting {
  readonly run: Run;
  readonly record: RunRecord;
  readonly at: number;
  /** The record after whose state it goes on. */
  readonly from: number;
  /** The generation of what begins anew. */
  readonly generation: number;
}

function highestGeneration(run: Run): number {
  let highest = 1;
  for (const line of run.steps.all()) highest = Math.max(highest, line.states.now.generation);
  return highest;
}

function goOn(rewriting: Rewriting, line: StepLine, step: StepSnapshot): void {
  const { run, record, at, from } = rewriting;
  const then = line.states.at(from);
  const isSame = sameWord(then.status) === step.status && then.attempt === step.attempt_count && then.startedAt === momentOf(step.started_at);
  const undo = undoOf(step.compensation, then.undo, at);
  if (isSame && from === record.seq - 1 && undo === then.undo) return;
  if (isSame) {
    if (!isOpen(then)) closeAll(line, record.seq, at);
    changeStep(run, line, record.seq, { ...then, undo });
    return;
  }
  closeAll(line, record.seq, at);
  const next = begunAnew(rewriting, then, step);
  changeStep(run, line, record.seq, { ...next, undo });
  if (next.busy !== "nothing") begin(line, next.busy, false, next.attempt, record.seq, at);
}

function begunAnew({ record, at, generation }: Rewriting, then: StepState, step: StepSnapshot): StepState {
  const status = step.status as StepStatus;
  const [startedAt, endedAt] = [momentOf(step.started_at), momentOf(step.ended_at)];
  const isPending = status === "pending";
  return {
    ...then, status, startedAt, endedAt, attempt: step.attempt_count, dueAt: 0,
    // One that was tried before stands there still, with all its attempts.
    since: isPending && step.attempt_count === 0 ? 0 : at,
    generation: stepHasEnded(status) ? then.generation : generation,
    busy: busyOf(status, step),
    input: isPending ? null : (step.input ?? null), output: step.output ?? null, error: errorOf(step.error),
    caught: step.caught === true, expired: step.expired === true,
    child: isPending ? undefined : then.child,
    lanes: step.lanes == null ? undefined : lanesOf(step.lanes, then.lanes),
    takenFrom: record.type === "steps-taken" ? text(record.data, "from") : then.takenFrom,
  };
}

function isOpen({ status, undo }: StepState): boolean {
  return !stepHasEnded(status) || undo?.status === "running";
}

/** The API has no word of its own for a step that waits for a person. */
function sameWord(status: StepStatus): string {
  return status === "deciding" ? "waiting" : status;
}

function busyOf(status: StepStatus, { lanes }: StepSnapshot): Busy {
  switch (status) {
    case "running":
      return lanes == null ? "call" : "lanes";
    case "retrying":
      return "retry";
    case "waiting":
      return "timer";
    case "deciding":
      return "decision";
    case "pending":
    case "queued":
    case "completed":
    case "failed":
    case "skipped":
    case "cancelled":
      return "nothing";
  }
}

function lanesOf({ total, by_status: counts }: NonNullable<StepSnapshot["lanes"]>, then: Lanes | undefined): Lanes {
  const of = (word: string): number => counts[word] ?? 0;
  return {
    total, opened: total - of("pending"), first: then?.first ?? 0,
    completed: of("completed"), failed: of("failed"), cancelled: of("cancelled"),
  };
}

function undoOf(word: string, then: Undo | undefined, at: number): Undo | undefined {
  if (word !== "running" && word !== "done" && word !== "failed") return undefined;
  if (then?.status === word) return then;
  const nothing = { lanes: 0, attempt: 0, dueAt: 0, plan: undefined, child: undefined, input: null, error: undefined } as const;
  return { ...nothing, ...then, status: word, busy: "nothing", since: at };
}

function errorOf(error: JsonObject | null | undefined): StepError | undefined {
  return error == null ? undefined : { type: text(error, "type"), message: text(error, "message"), whole: error };
}

function pauseOf({ paused }: Snapshot): Pause | undefined {
  return paused == null ? undefined : { since: Date.parse(paused.since), by: paused.by, reason: paused.reason };
}

export function momentOf(at: string | null | undefined): number {
  return at == null ? 0 : Date.parse(at);
}
