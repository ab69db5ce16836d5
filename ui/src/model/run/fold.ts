/**
 * What each record changes; the same rules as the engine's, told from what the API shows. The tests lay the outcome
 * beside the states that the server itself answers.
 */
import { count, isObject, member, moment, text, type Json } from "../json";
import { stepHasEnded, type InstanceStatus } from "../status";
import { changeInstance, changeStep, forget } from "./change";
import { foldUndo, foldUndoOfLanes, UNDOING } from "./fold-undo";
import { ROOT } from "./lanes";
import { rewrite, rewrites, type Snapshot } from "./rewrite";
import { errorIn, type Run } from "./run";
import { begin, close, keyOf, type StepLine } from "./steps";
import type { Child, InstanceState, Lanes, Plan, RunRecord, Segment, StepState } from "./state";

/** `snapshot` is the state after the record, of those after which the run goes on from another one. */
export function fold(run: Run, record: RunRecord, snapshot: Snapshot | undefined): void {
  const at = Date.parse(record.at);
  if (rewrites(record) && snapshot !== undefined) {
    rewrite(run, record, snapshot);
    return changeInstance(run, record.seq, { status: statusOf(run) });
  }
  const line = typeof record.step === "string" ? lineOf(run, record, record.step) : undefined;
  if (line === undefined) foldInstance(run, record, at);
  else foldStep(run, line, record, at);
  changeInstance(run, record.seq, { status: statusOf(run) });
}

function lineOf(run: Run, { lane, type, seq }: RunRecord, step: string): StepLine {
  const path = lane ?? "";
  const laneId = run.lanes.at(path)?.id ?? 0;
  const line = run.steps.line(path, step, laneId);
  const begins = type === "step-scheduled" || type === "step-started" || type === "signal-awaited";
  if (begins && line.states.now.laneId !== laneId) changeStep(run, line, seq, { laneId });
  return line;
}

function foldInstance(run: Run, record: RunRecord, at: number): void {
  const { data, seq } = record;
  switch (record.type) {
    case "instance-started":
      run.lanes.open(seq, run.lanes.nextId, "");
      run.started = {
        at, workflow: text(data, "workflow"), input: member(data, "input"),
        correlationId: text(data, "correlation_id"), trigger: text(data, "trigger"),
      };
      return changeInstance(run, seq, { version: text(data, "version") });
    case "instance-queued":
      run.phase = "queued";
      run.startAt = moment(data, "start_at");
      return;
    case "turn-awaited":
      run.phase = "queued";
      run.startAt = 0;
      return changeInstance(run, seq, { turnSince: at });
    case "instance-begun":
      run.phase = "running";
      return changeInstance(run, seq, { turnSince: 0 });
    case "instance-paused":
      return changeInstance(run, seq, { pause: { since: at, by: record.actor ?? "", reason: text(data, "reason") } });
    case "instance-resumed":
      return changeInstance(run, seq, { pause: undefined });
    case "instance-failing":
      return changeInstance(run, seq, { error: errorIn(data) });
    case "lane-closing":
      return laneClosing(run, record, at);
    case "lane-ended":
      return laneEnded(run, record, at);
    case "decision-made": {
      const answered = text(data, "decision_id");
      return changeInstance(run, seq, { decisions: run.instance.now.decisions.filter((decision) => decision.id !== answered) });
    }
    case "decision-cut":
      run.cut = true;
      return;
    case "decision-continued":
      run.cut = false;
      return;
    case "compensation-requested":
      run.phase = "compensating";
      return changeInstance(run, seq, { endedAt: 0 });
    case "restore-requested":
      if (run.phase === "ended") run.phase = "running";
      return changeInstance(run, seq, { endedAt: 0, output: null, decisions: [] });
    case "compensation-started":
    case "lane-compensated":
      return foldUndoOfLanes(run, record);
    case "finally-started":
      run.phase = "running";
      // In a run that was retried it may begin once more.
      for (const line of run.steps.inLanesOf("")) if (line.states.now.laneId !== ROOT) forget(run, line, seq, at);
      run.lanes.open(seq, run.lanes.nextId, "");
      return;
    case "instance-completed":
    case "instance-failed":
    case "instance-compensated":
    case "instance-cancelled":
      run.phase = "ended";
      return changeInstance(run, seq, {
        status: record.type.slice("instance-".length) as InstanceStatus, output: member(data, "output"), endedAt: at,
      });
  }
}

function foldStep(run: Run, line: StepLine, record: RunRecord, at: number): void {
  const { data, seq } = record;
  const state = line.states.now;
  // What tells people of a decision is no attempt of the step.
  if (record.type.startsWith("notice-") || text(data, "for") === "notify") return;
  const undoing = text(data, "for") === "compensate" || text(data, "for") === "verify";
  if (undoing || record.type === "compensation-scheduled" || record.type === "compensation-ended") {
    return foldUndo(run, line, record, at);
  }
  const enter = (busy: Segment["busy"], change: Partial<StepState>): void => {
    changeStep(run, line, seq, { since: at, busy, ...change });
    begin(line, busy, false, change.attempt ?? state.attempt, seq, at);
  };
  switch (record.type) {
    case "step-scheduled":
      close(line, false, seq, at, "completed");
      return enter("call", {
        status: "running", attempt: state.attempt + 1, startedAt: at, input: member(data, "input"), plan: planIn(data),
      });
    case "step-started":
      close(line, false, seq, at, "completed");
      return stepStarted(run, line, record, enter, at);
    case "signal-awaited":
      close(line, false, seq, at, "completed");
      return enter("signal", { status: "waiting", startedAt: at, dueAt: moment(data, "until"), signal: text(data, "signal") });
    case "event-awaited":
      close(line, false, seq, at, "completed");
      return enter("timer", { status: "waiting", startedAt: at, dueAt: moment(data, "until") });
    case "wait-expired":
      return changeStep(run, line, seq, { expired: true });
    case "lanes-opened":
      return lanesOpened(run, line, record);
    case "attempt-failed":
      return attemptFailed(run, line, record, at);
    case "retry-scheduled":
      return changeStep(run, line, seq, { dueAt: moment(data, "due_at") });
    case "attempt-started":
    case "step-rescheduled":
      return attemptStarted(run, line, record, enter, at);
    case "task-accepted":
      close(line, false, seq, at, "completed");
      return enter("callback", { status: "waiting", dueAt: moment(data, "expires_at") });
    case "round-delayed":
    case "lanes-paced":
      return changeStep(run, line, seq, { dueAt: moment(data, "due_at"), since: at });
    case "decision-requested":
      return decisionRequested(run, line, record, at);
    default:
      return stepEnded(run, line, record, at);
  }
}

type Enter = (busy: Segment["busy"], change: Partial<StepState>) => void;

function stepStarted(run: Run, line: StepLine, record: RunRecord, enter: Enter, at: number): void {
  const { data } = record;
  const child = childIn(data);
  const until = moment(data, "until");
  if (child !== undefined) {
    return enter("child", { status: "running", attempt: line.states.now.attempt + 1, startedAt: at, child });
  }
  if (until > 0) return enter("timer", { status: "waiting", startedAt: at, dueAt: until });
  const total = count(data, "lanes");
  enter("lanes", { status: "running", startedAt: at, lanes: { ...NO_LANES, total, first: run.lanes.reserve(total) } });
}

const NO_LANES: Lanes = { total: 0, opened: 0, first: 0, completed: 0, failed: 0, cancelled: 0 };

function lanesOpened(run: Run, line: StepLine, record: RunRecord): void {
  const { data, seq } = record;
  const state = line.states.now;
  const [from, to] = [count(data, "from"), count(data, "to")];
  const caught = state.status === "failed";
  const lanes = state.lanes ?? NO_LANES;
  const reserved = !caught && lanes.total > 0 && lanes.opened < lanes.total;
  const first = reserved ? lanes.first + lanes.opened : run.lanes.nextId;
  const paths = Array.from({ length: to - from }, (_, index) => `${state.lane === "" ? "" : `${state.lane}/`}${state.step}[${String(from + index)}]`);
  if (!caught) forgetWithin(run, record, new Set(paths.filter((path) => run.lanes.at(path) !== undefined)));
  for (const [index, path] of paths.entries()) run.lanes.open(seq, first + index, path, line.key, caught);
  if (caught) return;
  const opened = lanes.opened + to - from;
  changeStep(run, line, seq, { lanes: { ...lanes, opened, total: Math.max(lanes.total, opened) }, dueAt: 0 });
}

/** Of a block that begins anew, what its lanes did before is no part of the state any more. */
function forgetWithin(run: Run, { seq, at }: RunRecord, paths: ReadonlySet<string>): void {
  if (paths.size === 0) return;
  for (const line of run.steps.all()) {
    const lanes = line.states.now.lane.split("/");
    if (lanes.some((_, depth) => paths.has(lanes.slice(0, depth + 1).join("/")))) forget(run, line, seq, Date.parse(at));
  }
}

function attemptFailed(run: Run, line: StepLine, record: RunRecord, at: number): void {
  const { data, seq } = record;
  const error = errorIn(data);
  const ended = close(line, false, seq, at, "failed");
  if (ended !== undefined) {
    ended.error = error;
    ended.exchange = member(data, "exchange");
  }
  changeStep(run, line, seq, { status: "retrying", busy: "retry", since: at, dueAt: 0, error, target: text(data, "target") });
  begin(line, "retry", false, line.states.now.attempt, seq, at);
}

function attemptStarted(run: Run, line: StepLine, record: RunRecord, enter: Enter, at: number): void {
  const { data, seq } = record;
  const attempt = count(data, "attempt");
  const child = childIn(data);
  const generation = count(data, "generation");
  close(line, false, seq, at, "completed");
  if (attempt === 0) return changeStep(run, line, seq, { status: "pending", busy: "nothing", attempt, generation, endedAt: 0 });
  const change = { status: "running", attempt, generation, dueAt: 0, endedAt: 0 } as const;
  if (child === undefined) enter("call", change);
  else enter("child", { ...change, child });
}

function decisionRequested(run: Run, line: StepLine, record: RunRecord, at: number): void {
  const { data, seq } = record;
  const error = errorIn(data);
  const kind = text(data, "kind");
  const ofUndo = kind.startsWith("compensation");
  const state = line.states.now;
  close(line, ofUndo, seq, at, "failed");
  if (ofUndo) {
    changeStep(run, line, seq, { undo: { ...(state.undo ?? UNDOING), busy: "decision", since: at, dueAt: 0, error } });
  } else {
    changeStep(run, line, seq, { status: "deciding", busy: "decision", since: at, dueAt: 0, error });
  }
  begin(line, "decision", ofUndo, state.attempt, seq, at);
  const decision = { id: text(data, "decision_id"), step: state.step, lane: state.lane, ofUndo, kind, error, since: at };
  changeInstance(run, seq, { decisions: [...run.instance.now.decisions, decision] });
}

function stepEnded(run: Run, line: StepLine, record: RunRecord, at: number): void {
  const { data, seq } = record;
  const ended = { busy: "nothing", since: at, dueAt: 0, endedAt: at } as const;
  const startedAt = line.states.now.startedAt;
  switch (record.type) {
    case "step-completed": {
      const segment = close(line, false, seq, at, "completed");
      if (segment !== undefined) segment.exchange = member(data, "exchange");
      changeStep(run, line, seq, {
        ...ended, status: "completed", output: member(data, "output"), error: undefined, target: text(data, "target"),
        startedAt: startedAt || at,
      });
      break;
    }
    case "step-failed": {
      const caught = text(data, "handling") === "caught";
      const error = errorIn(data);
      const segment = close(line, false, seq, at, "failed");
      if (segment?.busy === "call") segment.error = error;
      changeStep(run, line, seq, {
        ...ended, status: "failed", error, output: member(data, "output"), caught, endedAt: caught ? 0 : at,
        startedAt: startedAt || at,
      });
      break;
    }
    case "step-skipped":
      close(line, false, seq, at, "cancelled");
      changeStep(run, line, seq, { ...ended, status: "skipped" });
      break;
    case "step-cancelled":
      close(line, false, seq, at, "cancelled");
      changeStep(run, line, seq, { ...ended, status: "cancelled" });
      break;
    case "catch-completed":
      changeStep(run, line, seq, { endedAt: at, since: at, output: member(data, "output") });
      return;
    default:
      return;
  }
  withdraw(run, seq, (decision) => keyOf(decision.lane, decision.step) === line.key && !decision.ofUndo);
}

function laneClosing(run: Run, record: RunRecord, at: number): void {
  const lane = run.lanes.get(count(record.data, "lane"));
  if (lane === undefined) return;
  if (run.phase === "queued") run.phase = "running";
  for (const line of run.steps.inLane(lane.path, lane.id)) {
    const { status, busy } = line.states.now;
    const idle = status === "waiting" && (busy === "timer" || busy === "signal");
    if (status === "pending" || status === "retrying" || status === "deciding" || idle) cancel(run, line, record.seq, at);
  }
  const here = new Set(run.steps.inLane(lane.path, lane.id).map((line) => line.key));
  withdraw(run, record.seq, (decision) => here.has(keyOf(decision.lane, decision.step)) && !decision.ofUndo);
}

function laneEnded(run: Run, record: RunRecord, at: number): void {
  const { data, seq } = record;
  const lane = run.lanes.get(count(data, "lane"));
  if (lane === undefined) return;
  const outcome = text(data, "outcome");
  for (const line of run.steps.inLane(lane.path, lane.id)) {
    const state = line.states.now;
    if (state.since > 0 && (!stepHasEnded(state.status) || (state.caught && state.endedAt === 0))) cancel(run, line, seq, at);
  }
  const block = lane.parent === undefined || lane.isCatch ? undefined : run.steps.find(lane.parent);
  const lanes = block?.states.now.lanes;
  if (block === undefined || lanes === undefined) return;
  const counted = outcome === "failed" || outcome === "cancelled" ? outcome : "completed";
  changeStep(run, block, seq, { lanes: { ...lanes, [counted]: lanes[counted] + 1 } });
}

function cancel(run: Run, line: StepLine, seq: number, at: number): void {
  close(line, false, seq, at, "cancelled");
  changeStep(run, line, seq, { status: "cancelled", busy: "nothing", since: at, dueAt: 0, endedAt: at });
}

function withdraw(run: Run, seq: number, which: (decision: InstanceState["decisions"][number]) => boolean): void {
  const { decisions } = run.instance.now;
  if (decisions.some(which)) changeInstance(run, seq, { decisions: decisions.filter((decision) => !which(decision)) });
}

function statusOf(run: Run): InstanceStatus {
  const { status, decisions, pause } = run.instance.now;
  if (run.phase === "ended") return status;
  if (pause !== undefined) return "paused";
  if (run.phase === "queued") return "queued";
  if (decisions.some((decision) => decision.kind === "compensation-failed")) return "stuck";
  if (run.phase === "compensating") return "compensating";
  return run.inFlight > 0 || run.cut ? "running" : "waiting";
}

export function planIn(data: Json): Plan | undefined {
  const plan = member(data, "plan");
  if (!isObject(plan)) return undefined;
  return { adapter: text(plan, "adapter"), action: text(plan, "action"), maxAttempts: count(plan, "max_attempts") };
}

export function childIn(data: Json): Child | undefined {
  const child = member(data, "child");
  return isObject(child) ? { id: text(child, "id"), workflow: text(child, "workflow"), version: text(child, "version") } : undefined;
}
