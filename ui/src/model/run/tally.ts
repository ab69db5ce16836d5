/**
 * A step over all its lanes, counted as records come in: what a node shows of ten thousand lanes at some position costs
 * no more than of one.
 */
import type { StepStatus } from "../status";
import { Track } from "../track";
import type { LaneCounts, StepState } from "./state";

export interface Tally {
  /** Lanes in which it has begun. */
  readonly lanes: number;
  readonly byStatus: ReadonlyMap<StepStatus, number>;
  /** In how many of them it is a block, and the lanes of these blocks. */
  readonly blocks: number;
  readonly inside: LaneCounts;
  readonly undos: Readonly<Record<"running" | "done" | "failed", number>>;
}

const NOTHING: Tally = {
  lanes: 0, byStatus: new Map(), blocks: 0, inside: { total: 0, opened: 0, completed: 0, failed: 0, cancelled: 0 },
  undos: { running: 0, done: 0, failed: 0 },
};

export class TallyBook {
  private readonly tracks = new Map<string, Track<Tally>>();

  change(seq: number, before: StepState, after: StepState): void {
    const track = this.tracks.get(after.step) ?? new Track<Tally>(NOTHING);
    this.tracks.set(after.step, track);
    track.set(seq, counted(counted(track.now, before, -1), after, 1));
  }

  at(step: string, seq: number): Tally {
    return this.tracks.get(step)?.at(seq) ?? NOTHING;
  }

  /** Of every step that ever began. */
  *all(seq: number): Generator<Tally> {
    for (const track of this.tracks.values()) yield track.at(seq);
  }
}

function counted(tally: Tally, state: StepState, by: 1 | -1): Tally {
  if (state.since === 0) return tally;
  const byStatus = new Map(tally.byStatus);
  const count = (byStatus.get(state.status) ?? 0) + by;
  if (count === 0) byStatus.delete(state.status);
  else byStatus.set(state.status, count);
  const word = undoWord(state);
  return {
    lanes: tally.lanes + by,
    byStatus,
    blocks: tally.blocks + (state.lanes === undefined ? 0 : by),
    inside: state.lanes === undefined ? tally.inside : added(tally.inside, state.lanes, by),
    undos: word === undefined ? tally.undos : { ...tally.undos, [word]: tally.undos[word] + by },
  };
}

function added(sum: LaneCounts, lanes: LaneCounts, by: 1 | -1): LaneCounts {
  return {
    total: sum.total + by * lanes.total, opened: sum.opened + by * lanes.opened, completed: sum.completed + by * lanes.completed,
    failed: sum.failed + by * lanes.failed, cancelled: sum.cancelled + by * lanes.cancelled,
  };
}

/** What became of its undo. Of a block whose losers were undone nothing else was asked for: it stands itself. */
export function undoWord({ undo }: StepState): "running" | "done" | "failed" | undefined {
  return undo?.busy === "lanes" && undo.lanes === 0 ? undefined : undo?.status;
}
