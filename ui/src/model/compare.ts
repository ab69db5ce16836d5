/** Two runs of a workflow beside each other, step by step. */
import type { Run } from "./run/run";
import type { StepState } from "./run/state";
import { undoOf } from "./summary";

export interface Pair {
  readonly step: string;
  readonly lane: string;
  readonly left: StepState | undefined;
  readonly right: StepState | undefined;
  /** What differs: `status`, `attempts`, `input`, `output`, `error`. */
  readonly differs: readonly string[];
}

export function compareRuns(left: Run, right: Run): Pair[] {
  const pairs = new Map<string, { left: StepState | undefined; right: StepState | undefined }>();
  for (const { line, state } of left.begun(left.end)) pairs.set(line.key, { left: state, right: undefined });
  for (const { line, state } of right.begun(right.end)) {
    pairs.set(line.key, { left: pairs.get(line.key)?.left, right: state });
  }
  return [...pairs.values()].map(({ left: a, right: b }) => ({
    step: (a ?? b)?.step ?? "", lane: (a ?? b)?.lane ?? "", left: a, right: b, differs: differences(a, b),
  }));
}

function differences(a: StepState | undefined, b: StepState | undefined): string[] {
  if (a === undefined || b === undefined) return ["status"];
  const same = (x: unknown, y: unknown): boolean => JSON.stringify(x) === JSON.stringify(y);
  const found: [string, boolean][] = [
    ["status", a.status === b.status && undoOf(a) === undoOf(b)],
    ["attempts", a.attempt === b.attempt],
    ["input", same(a.input, b.input)],
    ["output", same(a.output, b.output)],
    ["error", same(a.error?.whole, b.error?.whole)],
  ];
  return found.filter(([, equal]) => !equal).map(([word]) => word);
}
