/** The ways in which a run changes. */
import type { Run } from "./run";
import { UNBEGUN, type InstanceState, type StepState } from "./state";
import { close, type StepLine } from "./steps";

/** Writes a step's next state, and keeps what is counted over all of them. */
export function changeStep(run: Run, line: StepLine, seq: number, change: Partial<StepState>): void {
  const before = line.states.now;
  const after = { ...before, ...change };
  line.states.set(seq, after);
  run.tallies.change(seq, before, after);
  run.open.change(seq, line, after.busy !== "nothing" || (after.undo !== undefined && after.undo.busy !== "nothing"));
  run.inFlight += Number(after.busy === "call") - Number(before.busy === "call");
}

export function changeInstance(run: Run, seq: number, change: Partial<InstanceState>): void {
  run.instance.set(seq, { ...run.instance.now, ...change });
}

/** The step is no part of the state any more; what it spent its time on stays to be seen. */
export function forget(run: Run, line: StepLine, seq: number, at: number): void {
  const { step, lane, laneId, since } = line.states.now;
  if (since === 0) return;
  closeAll(line, seq, at);
  changeStep(run, line, seq, { ...UNBEGUN, step, lane, laneId });
}

/** Ends whatever stretch is open. */
export function closeAll(line: StepLine, seq: number, at: number): void {
  close(line, false, seq, at, "cancelled");
  close(line, true, seq, at, "cancelled");
}
