/** What a filter lets through, newest first: read page by page, and renewed where somebody looks. */
import type { Schemas } from "../api/client";
import { order, replaceStretch, type Row } from "../model/window-list";

export interface ListView<R extends Row> {
  readonly rows: readonly R[];
  readonly state: "loading" | "idle" | "failed";
  readonly error: unknown;
  readonly more: boolean;
  /** Partitions whose newest changes the list may lack, as the server says. */
  readonly behind: readonly Schemas["Behind"][];
}

/** Where a page begins: at the top where it says nothing, behind a cursor, or before a moment. */
export interface Place {
  readonly cursor?: string;
  readonly before?: string;
}

export interface RowPage<R extends Row> {
  readonly items: readonly R[];
  readonly next_cursor?: string | null;
  readonly incomplete?: readonly Schemas["Behind"][];
}

export type ReadPage<R extends Row> = (place: Place) => Promise<RowPage<R>>;

export const PAGE = 100;
/** Rows from the top that count as the top. */
const NEAR = PAGE / 2;

export class PagedList<R extends Row> {
  private view: ListView<R> = { rows: [], state: "loading", error: undefined, more: false, behind: [] };
  private next: string | undefined;
  private busy = false;
  private readonly listeners = new Set<() => void>();

  /** `byMoment`: it can be read from a moment on; of one that cannot, the top alone is renewed. */
  constructor(private read: ReadPage<R>, private readonly byMoment: boolean) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly now = (): ListView<R> => this.view;

  /** The same filter, its range moved along with the time. */
  retarget(read: ReadPage<R>): void {
    this.read = read;
  }

  /**
   * Reads the top again; what was read below it stays. Where so much came that the two do not meet, the list begins
   * anew, unless somebody looks far below: then it stays as it is until they come up again.
   */
  async refresh(index = 0): Promise<void> {
    await this.attempt(async () => {
      const page = await this.read({});
      const toEnd = page.next_cursor == null;
      const meets = toEnd || this.meets(page.items);
      if (!meets && index >= NEAR) {
        this.show({});
        return;
      }
      const anew = this.view.rows.length <= PAGE || !meets;
      if (anew || toEnd) this.next = page.next_cursor ?? undefined;
      const rows = anew ? page.items : replaceStretch(this.view.rows, { rows: page.items, toEnd });
      this.show({ rows, more: this.next !== undefined, behind: page.incomplete ?? [] });
    });
  }

  /** Whether a page from the top reaches down to what is known. */
  private meets(items: readonly R[]): boolean {
    const [last, first] = [items.at(-1), this.view.rows[0]];
    return last === undefined || first === undefined || order(last, first) >= 0;
  }

  /** Reads the rows on screen again, where the top is far above. */
  async refreshFrom(index: number): Promise<void> {
    const row = this.view.rows[index];
    if (row === undefined || index < NEAR || !this.byMoment) return this.refresh(index);
    await this.attempt(async () => {
      const before = new Date(Date.parse(row.created_at) + 1).toISOString();
      const page = await this.read({ before });
      const from = { id: "\uffff", created_at: row.created_at };
      this.show({ rows: replaceStretch(this.view.rows, { rows: page.items, from, toEnd: page.next_cursor == null }), behind: page.incomplete ?? [] });
    });
  }

  async loadMore(): Promise<void> {
    const cursor = this.next;
    if (cursor === undefined || this.busy) return;
    this.busy = true;
    await this.attempt(async () => {
      const page = await this.read({ cursor });
      this.next = page.next_cursor ?? undefined;
      const known = new Set(this.view.rows.map((row) => row.id));
      this.show({ rows: [...this.view.rows, ...page.items.filter((row) => !known.has(row.id))], more: this.next !== undefined });
    });
    this.busy = false;
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.view = { ...this.view, state: "failed", error };
      this.tell();
    }
  }

  private show(change: Partial<ListView<R>>): void {
    this.view = { ...this.view, ...change, state: "idle", error: undefined };
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
