/**
 * Which steps were open at some position. Every now and then all of them are noted; what changed since is looked at, so
 * that a position of a long history is answered without going over all of it.
 */
import type { StepLine } from "./steps";

interface Note {
  readonly seq: number;
  readonly lines: readonly StepLine[];
  /** How many changes there were before it. */
  readonly changes: number;
}

const LEAST = 500;

export class OpenSteps {
  private readonly open = new Set<StepLine>();
  private readonly notes: Note[] = [];
  private readonly seqs: number[] = [];
  private readonly changed: StepLine[] = [];

  change(seq: number, line: StepLine, isOpen: boolean): void {
    const last = this.notes.at(-1);
    const since = this.changed.length - (last?.changes ?? 0);
    // Notes take no more room than the changes between them. One is taken before a record begins to change anything.
    if (since >= Math.max(LEAST, this.open.size) && this.seqs.at(-1) !== seq) {
      this.notes.push({ seq: this.seqs.at(-1) ?? 0, lines: [...this.open], changes: this.changed.length });
    }
    this.seqs.push(seq);
    this.changed.push(line);
    if (isOpen) this.open.add(line);
    else this.open.delete(line);
  }

  /** All that were open after the record, and some that were not. */
  candidates(seq: number): ReadonlySet<StepLine> {
    const note = this.notes.findLast((each) => each.seq <= seq);
    const found = new Set(note?.lines);
    for (let index = note?.changes ?? 0; index < this.seqs.length && (this.seqs[index] as number) <= seq; index += 1) {
      found.add(this.changed[index] as StepLine);
    }
    return found;
  }
}
