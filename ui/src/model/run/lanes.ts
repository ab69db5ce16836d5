/**
 * The ids of lanes. Records name a lane's end by its number only; numbers are given in order, so that they can be told
 * from the records that opened lanes.
 */
export interface Lane {
  readonly id: number;
  readonly path: string;
  /** The key of the block (or failed step) that it belongs to; undefined for the root and `finally`. */
  readonly parent: string | undefined;
  /** A catch's end is no end of one of the block's own lanes. */
  readonly isCatch: boolean;
  /** The record that opened it. */
  readonly openedAt: number;
}

/** The number of the lane of the workflow's own list. */
export const ROOT = 0;

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

  open(seq: number, id: number, path: string, parent?: string, isCatch = false): void {
    this.next = Math.max(this.next, id + 1);
    this.byId.set(id, { id, path, parent, isCatch, openedAt: seq });
    this.idsByPath.set(path, id);
  }

  /** The root runs again: its path is no more that of `finally`. */
  beginAnew(): void {
    this.idsByPath.set("", ROOT);
  }

  /** Each path belongs again to the lane that had it after this record. Numbers are not given out again. */
  rewind(seq: number): void {
    this.idsByPath.clear();
    for (const { id, path, openedAt } of this.byId.values()) {
      if (openedAt <= seq) this.idsByPath.set(path, id);
    }
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
