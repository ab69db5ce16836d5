/**
 * One run: its records in order are the truth, all else is derived from them. Appending costs the same however long the
 * history is, and any position of the past can be asked for.
 */
import { isObject, member, text, type Json } from "../json";
import { Track } from "../track";
import { fold } from "./fold";
import { LaneBook } from "./lanes";
import { keyOf, StepBook, type StepLine } from "./steps";
import type { InstanceState, RunRecord, Started, StepError, StepState } from "./state";

const UNSTARTED: InstanceState = { status: "queued", error: undefined, output: null, endedAt: 0, undone: false, decisions: [], pause: undefined };

export class Run {
  readonly records: RunRecord[] = [];
  readonly steps = new StepBook();
  readonly lanes = new LaneBook();
  readonly instance = new Track<InstanceState>(UNSTARTED);
  /** The keys of steps in the order in which their undo began, with the record that began it. */
  readonly undone: { readonly seq: number; readonly key: string }[] = [];
  /** The first number set aside for the lanes of a block, by its key. */
  readonly firstLanes = new Map<string, number>();
  /** Calls that are out. */
  inFlight = 0;
  /** Where the run is in its life; the status follows from it. */
  phase: "queued" | "running" | "compensating" | "ended" = "running";
  /** When its steps begin, while it is queued. */
  startAt = 0;
  /** The engine stopped between two records to go on at once. */
  cut = false;
  started: Started | undefined;

  /** Takes records in; those that are there already are passed over, behind a gap nothing is taken. */
  append(records: readonly RunRecord[]): number {
    let taken = 0;
    for (const record of records) {
      if (record.seq !== this.end + 1) continue;
      this.records.push(record);
      fold(this, record);
      taken += 1;
    }
    return taken;
  }

  /** The last record's place; 0: none is known. */
  get end(): number {
    return this.records.length;
  }

  /** When the record at this place happened. */
  timeAt(seq: number): number {
    const record = this.records[Math.max(seq, 1) - 1];
    return record === undefined ? 0 : Date.parse(record.at);
  }

  stepAt(key: string, seq: number): StepState | undefined {
    const state = this.steps.find(key)?.states.at(seq);
    return state === undefined || state.since === 0 ? undefined : state;
  }

  /** The step in each lane where it has begun. */
  statesOf(step: string, seq: number): StepState[] {
    return this.steps.of(step).map((line) => line.states.at(seq)).filter((state) => state.since > 0);
  }

  /** Every step that has begun, in the order in which they did. */
  *begun(seq: number): Generator<{ readonly line: StepLine; readonly state: StepState }> {
    for (const line of this.steps.all()) {
      const state = line.states.at(seq);
      if (state.since > 0) yield { line, state };
    }
  }
}

/** An error within a record's data. */
export function errorIn(data: Json): StepError | undefined {
  const error = member(data, "error");
  return isObject(error) ? { type: text(error, "type"), message: text(error, "message"), whole: error } : undefined;
}

/** The step that a record is about. */
export function keyOfRecord(record: RunRecord): string | undefined {
  return typeof record.step === "string" ? keyOf(record.lane ?? "", record.step) : undefined;
}
