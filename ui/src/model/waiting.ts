/** What a run waits for at some position: the reasons why it does not move. */
import type { Run } from "./run/run";
import type { Busy, Child, Plan, StepError } from "./run/state";

export interface Reason {
  readonly step: string;
  readonly lane: string;
  readonly busy: Exclude<Busy, "nothing" | "lanes">;
  readonly ofUndo: boolean;
  readonly attempt: number;
  readonly plan: Plan | undefined;
  readonly child: Child | undefined;
  readonly since: number;
  readonly dueAt: number;
  readonly error: StepError | undefined;
  readonly decisionId: string | undefined;
}

/** Decisions first, then the longest-standing; `limit` of them and how many there are in all. */
export function reasons(run: Run, seq: number, limit: number): { readonly found: Reason[]; readonly total: number } {
  const { decisions, status } = run.instance.at(seq);
  const found: Reason[] = [];
  if (status === "completed" || status === "failed" || status === "compensated" || status === "cancelled") return { found, total: 0 };
  const decisionOf = (step: string, lane: string, ofUndo: boolean): string | undefined =>
    decisions.find((decision) => decision.step === step && decision.lane === lane && decision.ofUndo === ofUndo)?.id;
  for (const { state } of run.begun(seq)) {
    const { step, lane, undo } = state;
    if (state.busy !== "nothing" && (state.busy !== "lanes" || state.dueAt > 0)) {
      found.push({
        step, lane, busy: state.busy === "lanes" ? "timer" : state.busy, ofUndo: false, attempt: state.attempt, plan: state.plan,
        child: state.child, since: state.since, dueAt: state.dueAt, error: state.error, decisionId: decisionOf(step, lane, false),
      });
    }
    if (undo !== undefined && undo.busy !== "nothing" && undo.busy !== "lanes") {
      found.push({
        step, lane, busy: undo.busy, ofUndo: true, attempt: undo.attempt, plan: undo.plan, child: undo.child, since: undo.since,
        dueAt: undo.dueAt, error: undo.error, decisionId: decisionOf(step, lane, true),
      });
    }
  }
  const rank = (reason: Reason): number => (reason.busy === "decision" ? 0 : 1);
  found.sort((a, b) => rank(a) - rank(b) || a.since - b.since);
  return { found: found.slice(0, limit), total: found.length };
}
