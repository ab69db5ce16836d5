/** What a run waits for at some position: the reasons why it does not move. */
import type { Run } from "./run/run";
import type { Busy, Child, PendingDecision, Plan, StepError, StepState } from "./run/state";
import { isOpen } from "./status";

export interface Reason {
  readonly step: string;
  /** The first of the lanes that it holds for. */
  readonly lane: string;
  readonly lanes: number;
  readonly busy: Exclude<Busy, "nothing" | "lanes">;
  readonly ofUndo: boolean;
  readonly attempt: number;
  readonly plan: Plan | undefined;
  readonly child: Child | undefined;
  /** The signal that it waits for; empty: none. */
  readonly signal: string;
  readonly since: number;
  readonly dueAt: number;
  readonly error: StepError | undefined;
  readonly decisionIds: readonly string[];
  /** What is asked; empty where nobody is. */
  readonly decisionKind: string;
}

type One = Omit<Reason, "lanes" | "decisionIds" | "decisionKind">;

/** Alike with alike; decisions first, then what has stood longest. `limit` of them, and how many there are. */
export function reasons(run: Run, seq: number, limit: number): { readonly found: Reason[]; readonly total: number } {
  const { decisions, status } = run.instance.at(seq);
  if (!isOpen(status)) return { found: [], total: 0 };
  const groups = new Map<string, Reason>();
  for (const line of run.open.candidates(seq)) {
    const state = line.states.at(seq);
    for (const one of [ofStep(state), ofUndo(state)]) {
      if (one === undefined) continue;
      const decision = decisions.find((each) => each.step === one.step && each.lane === one.lane && each.ofUndo === one.ofUndo);
      const key = [one.step, one.busy, one.ofUndo, one.signal].join("|");
      groups.set(key, joined(groups.get(key), one, decision));
    }
  }
  const rank = (reason: Reason): number => (reason.busy === "decision" ? 0 : 1);
  const found = [...groups.values()].sort((a, b) => rank(a) - rank(b) || a.since - b.since);
  return { found: found.slice(0, limit), total: found.length };
}

function joined(group: Reason | undefined, one: One, decision: PendingDecision | undefined): Reason {
  const own = decision === undefined ? [] : [decision.id];
  const decisionKind = decision?.kind ?? group?.decisionKind ?? "";
  if (group === undefined) return { ...one, lanes: 1, decisionIds: own, decisionKind };
  const first = group.since <= one.since ? group : one;
  return { ...first, lanes: group.lanes + 1, decisionIds: [...group.decisionIds, ...own], decisionKind };
}

function ofStep({ step, lane, busy, attempt, plan, child, signal, since, dueAt, error }: StepState): One | undefined {
  if (busy === "nothing" || (busy === "lanes" && dueAt === 0)) return undefined;
  // A loop that pauses between two rounds.
  return { step, lane, busy: busy === "lanes" ? "timer" : busy, ofUndo: false, attempt, plan, child, signal, since, dueAt, error };
}

function ofUndo({ step, lane, undo }: StepState): One | undefined {
  if (undo === undefined || undo.busy === "nothing" || undo.busy === "lanes") return undefined;
  const { busy, attempt, plan, child, since, dueAt, error } = undo;
  return { step, lane, busy, ofUndo: true, attempt, plan, child, signal: "", since, dueAt, error };
}
