/**
 * The ids of lanes. Records name a lane's end by its number only; numbers are given in order, so that they can be told
 * from the records that opened lanes.
 */
import { Track } from "../track";

export type LaneStatus = "running" | "closing" | "completed" | "failed" | "cancelled" | "broken";

export interface Lane {
  readonly id: number;
  readonly path: string;
  /** The key of the block (or failed step) that it belongs to; undefined for the root and `finally`. */
  readonly parent: string | undefined;
  /** A catch's end is no end of one of the block's own lanes. */
  readonly isCatch: boolean;
  readonly status: Track<LaneStatus>;
}

export class LaneBook {
  private readonly byId = new Map<number, Lane>();
  private readonly idsByPath = new Map<string, number>();
  private next = 0;

  /** Sets aside the numbers of lanes that will be opened later. */
  reserve(lanes: number): number {
    const first = this.next;
    this.next += lanes;
    return first;
  }

  open(id: number, path: string, parent?: string, isCatch = false): void {
    this.next = Math.max(this.next, id + 1);
    this.byId.set(id, { id, path, parent, isCatch, status: new Track<LaneStatus>("running") });
    this.idsByPath.set(path, id);
  }

  get(id: number): Lane | undefined {
    return this.byId.get(id);
  }

  /** The lane that has this path by now. */
  at(path: string): Lane | undefined {
    const id = this.idsByPath.get(path);
    return id === undefined ? undefined : this.byId.get(id);
  }

  get nextId(): number {
    return this.next;
  }
}
