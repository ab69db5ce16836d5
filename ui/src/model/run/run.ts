/**
 * One run: its records in order are the truth, all else is derived from them. Appending costs the same however long the
 * history is, and any position of the past can be asked for.
 */
import { isObject, member, text, type Json } from "../json";
import type { StepStatus } from "../status";
import { Track } from "../track";
import { fold } from "./fold";
import { LaneBook } from "./lanes";
import { rewrites, type Snapshot } from "./rewrite";
import { OpenSteps } from "./open-steps";
import { keyOf, StepBook, type StepLine } from "./steps";
import type { InstanceState, RunRecord, Started, StepError, StepState, Turn } from "./state";
import { TallyBook } from "./tally";

const UNSTARTED: InstanceState = {
  status: "queued", version: "", error: undefined, output: null, endedAt: 0, undone: false, decisions: [], pause: undefined, turnSince: 0,
  renewedAt: 0,
};

export class Run {
  readonly records: RunRecord[] = [];
  readonly steps = new StepBook();
  readonly lanes = new LaneBook();
  readonly tallies = new TallyBook();
  readonly open = new OpenSteps();
  readonly instance = new Track<InstanceState>(UNSTARTED);
  /** The keys of steps in the order in which their undo began, with the record that began it. */
  readonly undone: { readonly seq: number; readonly key: string }[] = [];
  /** Where it went on from another state, in order. */
  readonly turns: Turn[] = [];
  /** Calls that are out. */
  inFlight = 0;
  /** Where the run is in its life; the status follows from it. */
  phase: "queued" | "running" | "compensating" | "ended" = "running";
  /** When its steps begin, while it is queued. */
  startAt = 0;
  /** The engine stopped between two records to go on at once. */
  cut = false;
  started: Started | undefined;
  /** Records behind one whose state is not known yet. */
  private waiting: RunRecord[] = [];

  /**
   * Takes records in; those that are there already are passed over, behind a gap nothing is taken. What stands behind
   * a record after which the run goes on from another state waits until that state is given.
   */
  append(records: readonly RunRecord[]): number {
    const before = this.end;
    if (this.wants === undefined) this.take(records, undefined);
    else this.waiting.push(...records);
    return this.end - before;
  }

  /** The state after the record that is wanted. */
  give(snapshot: Snapshot): void {
    const { waiting } = this;
    this.waiting = [];
    this.take(waiting, snapshot);
  }

  /** The record after which the server's own state is needed; undefined: none. */
  get wants(): number | undefined {
    return this.waiting[0]?.seq;
  }

  /** The last record's place, of those too that wait. */
  get known(): number {
    return this.waiting.at(-1)?.seq ?? this.end;
  }

  private take(records: readonly RunRecord[], snapshot: Snapshot | undefined): void {
    let given = snapshot;
    for (const [index, record] of records.entries()) {
      if (record.seq !== this.end + 1) continue;
      if (rewrites(record) && given === undefined) {
        this.waiting = records.slice(index);
        return;
      }
      this.records.push(record);
      fold(this, record, given);
      given = undefined;
    }
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

  /** In how many lanes of all steps: those that have begun, and those that are in a status. */
  counts(seq: number, status: StepStatus): { readonly begun: number; readonly of: number } {
    let [begun, of] = [0, 0];
    for (const tally of this.tallies.all(seq)) {
      begun += tally.lanes;
      of += tally.byStatus.get(status) ?? 0;
    }
    return { begun, of };
  }

  /** Every step that spent time on something by then, also in what was given up since. */
  *seen(seq: number): Generator<StepLine> {
    for (const line of this.steps.all()) {
      const [first] = line.segments;
      if (first === undefined ? line.states.at(seq).since > 0 : first.fromSeq <= seq) yield line;
    }
  }

  /** The state of a step that has begun in one lane only. */
  onlyStateOf(step: string, seq: number): StepState | undefined {
    return this.steps.of(step).find((line) => line.states.at(seq).since > 0)?.states.at(seq);
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
