/** The steps of a run, each with all its states and the stretches of time that it spent. */
import { Track } from "../track";
import { UNBEGUN, type Segment, type StepState } from "./state";

export interface StepLine {
  readonly key: string;
  readonly states: Track<StepState>;
  readonly segments: Segment[];
}

export function keyOf(lane: string, step: string): string {
  return `${lane}|${step}`;
}

export class StepBook {
  private readonly lines = new Map<string, StepLine>();
  private readonly byStep = new Map<string, StepLine[]>();
  private readonly byLane = new Map<string, StepLine[]>();

  /** The step's line, begun at need in the lane with this number. */
  line(lane: string, step: string, laneId: number): StepLine {
    const key = keyOf(lane, step);
    const found = this.lines.get(key);
    if (found !== undefined) return found;
    const line: StepLine = { key, states: new Track<StepState>({ ...UNBEGUN, step, lane, laneId }), segments: [] };
    this.lines.set(key, line);
    push(this.byStep, step, line);
    push(this.byLane, lane, line);
    return line;
  }

  find(key: string): StepLine | undefined {
    return this.lines.get(key);
  }

  /** The step's line in each of its lanes, in the order in which they began. */
  of(step: string): readonly StepLine[] {
    return this.byStep.get(step) ?? [];
  }

  /** The lines of all lanes that have, or had, this path. */
  inLanesOf(lane: string): readonly StepLine[] {
    return this.byLane.get(lane) ?? [];
  }

  inLane(lane: string, laneId: number): StepLine[] {
    return this.inLanesOf(lane).filter((line) => line.states.now.laneId === laneId);
  }

  all(): Iterable<StepLine> {
    return this.lines.values();
  }
}

function push(into: Map<string, StepLine[]>, key: string, line: StepLine): void {
  const lines = into.get(key);
  if (lines === undefined) into.set(key, [line]);
  else lines.push(line);
}

/** Ends the stretch that is open, if there is one. */
export function close(line: StepLine, ofUndo: boolean, seq: number, at: number, outcome: Segment["outcome"]): Segment | undefined {
  const open = line.segments.findLast((segment) => segment.ofUndo === ofUndo && segment.outcome === "open");
  if (open === undefined) return undefined;
  open.toSeq = seq;
  open.to = at;
  open.outcome = outcome;
  return open;
}

export function begin(line: StepLine, busy: Segment["busy"], ofUndo: boolean, attempt: number, seq: number, at: number): void {
  line.segments.push({
    busy, ofUndo, attempt, fromSeq: seq, from: at, toSeq: Number.POSITIVE_INFINITY, to: 0, outcome: "open",
    error: undefined, exchange: null,
  });
}

/** The step of the workflow's own list within which a step stands: `lines` for one in lane `lines[3]/parts[0]`. */
export function rootStep(lane: string, step: string): string {
  const [outer = ""] = lane.split("/");
  return outer === "" ? step : outer.replace(/\[\d+\]$/, "");
}
