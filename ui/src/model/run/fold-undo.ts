/** What the records of a roll-back change. */
import { count, member, moment, text } from "../json";
import { changeInstance, changeStep } from "./change";
import { childIn, planIn } from "./fold";
import { errorIn, type Run } from "./run";
import { begin, close, type StepLine } from "./steps";
import type { Busy, RunRecord, Undo } from "./state";

/** An undo that has only just begun. */
export const UNDOING: Undo = {
  status: "running", busy: "lanes", lanes: 0, attempt: 0, dueAt: 0, since: 0, plan: undefined, child: undefined, input: null, error: undefined,
};

/** The roll-back reaches some lanes, or is through with one: the block that they belong to is being undone. */
export function foldUndoOfLanes(run: Run, record: RunRecord): void {
  const first = count(record.data, "lane");
  if (first === 0 && record.type === "compensation-started") run.phase = "compensating";
  const lanes = record.type === "compensation-started" ? count(record.data, "lanes") : 1;
  for (let id = first; id < first + lanes; id += 1) {
    const parent = run.lanes.get(id)?.parent;
    const block = parent === undefined ? undefined : run.steps.find(parent);
    if (block === undefined) continue;
    const undo = block.states.now.undo ?? { ...UNDOING, since: Date.parse(record.at) };
    const left = Math.max(0, undo.lanes + (record.type === "compensation-started" ? 1 : -1));
    const status = undo.busy === "lanes" ? (left === 0 ? "done" : "running") : undo.status;
    changeStep(run, block, record.seq, { undo: { ...undo, status, lanes: left } });
  }
}

export function foldUndo(run: Run, line: StepLine, record: RunRecord, at: number): void {
  const { data, seq } = record;
  const before = line.states.now.undo ?? UNDOING;
  const change = (undo: Partial<Undo>): void => changeStep(run, line, seq, { undo: { ...before, since: at, dueAt: 0, ...undo } });
  const enter = (busy: Busy, undo: Partial<Undo>): void => {
    change({ busy, ...undo });
    begin(line, busy, true, undo.attempt ?? before.attempt, seq, at);
  };
  switch (record.type) {
    case "compensation-scheduled": {
      const child = childIn(data);
      run.undone.push({ seq, key: line.key });
      return enter(child === undefined ? "call" : "child", {
        status: "running", attempt: 1, plan: planIn(data), child, input: member(data, "input"), error: undefined,
      });
    }
    case "attempt-failed": {
      const error = errorIn(data);
      const ended = close(line, true, seq, at, "failed");
      if (ended !== undefined) {
        ended.error = error;
        ended.exchange = member(data, "exchange");
      }
      return enter("retry", { error });
    }
    case "retry-scheduled":
      return change({ since: before.since, dueAt: moment(data, "due_at") });
    case "attempt-started":
    case "step-rescheduled": {
      close(line, true, seq, at, "completed");
      const child = childIn(data);
      return enter(child === undefined ? "call" : "child", { status: "running", attempt: count(data, "attempt"), child });
    }
    case "task-accepted":
      close(line, true, seq, at, "completed");
      return enter("callback", { dueAt: moment(data, "expires_at") });
    case "compensation-ended": {
      const outcome = text(data, "outcome");
      const well = outcome === "done" || outcome === "nothing";
      close(line, true, seq, at, well ? "completed" : outcome === "skipped" ? "cancelled" : "failed");
      change({ busy: "nothing", status: outcome === "found" ? "running" : well ? "done" : "failed" });
      const { decisions, undone } = run.instance.now;
      const called = before.plan !== undefined || before.child !== undefined;
      const { step, lane } = line.states.now;
      changeInstance(run, seq, {
        undone: undone || (called && outcome === "done"),
        decisions: decisions.filter((decision) => !decision.ofUndo || decision.step !== step || decision.lane !== lane),
      });
    }
  }
}
