import { describe, expect, test } from "vitest";
import { PAGE, PagedList, type Place, type ReadPage } from "./paged-list";

interface Item {
  readonly id: string;
  readonly created_at: string;
}

const item = (number: number): Item => ({ id: String(number).padStart(6, "0"), created_at: new Date(number * 1_000).toISOString() });

/** A server that has the items 1 to `count`, and remembers where it was asked. */
function source(count: number): { readonly asked: Place[]; grow: (by: number) => void; readonly read: ReadPage<Item> } {
  let last = count;
  const asked: Place[] = [];
  return {
    asked,
    grow: (by) => {
      last += by;
    },
    read: (place) => {
      asked.push(place);
      const before = place.before === undefined ? last + 1 : Math.ceil(Date.parse(place.before) / 1_000);
      const top = place.cursor === undefined ? Math.min(last, before - 1) : Number(place.cursor) - 1;
      const items = Array.from({ length: Math.min(PAGE, top) }, (_, index) => item(top - index));
      const end = top - items.length;
      return Promise.resolve({ items, next_cursor: end > 0 ? String(end + 1) : null });
    },
  };
}

const ids = (list: PagedList<Item>): string[] => list.now().rows.map(({ id }) => id);

describe("a list in pages", () => {
  test("what is new comes on top, what was read below stays", async () => {
    const server = source(250);
    const list = new PagedList(server.read, true);
    await list.refresh();
    await list.loadMore();
    expect([list.now().rows.length, list.now().more]).toEqual([200, true]);
    server.grow(3);
    await list.refresh();
    expect([ids(list)[0], list.now().rows.length]).toEqual([item(253).id, 203]);
    await list.loadMore();
    expect([list.now().rows.length, list.now().more, new Set(ids(list)).size]).toEqual([253, false, 253]);
  });

  test("far down the rows on screen are read again, where the server can begin there", async () => {
    const server = source(400);
    const list = new PagedList(server.read, true);
    await list.refresh();
    await list.loadMore();
    await list.refreshFrom(120);
    expect(server.asked.at(-1)?.before).toBeDefined();
    expect([list.now().rows.length, new Set(ids(list)).size]).toEqual([220, 220]);
  });

  test("where it cannot, the top is", async () => {
    const server = source(400);
    const list = new PagedList(server.read, false);
    await list.refresh();
    await list.loadMore();
    await list.refreshFrom(120);
    expect(server.asked.at(-1)).toEqual({});
    expect(list.now().rows.length).toBe(200);
  });

  test("where more came than a page, the list begins anew and lacks nothing", async () => {
    const server = source(400);
    const list = new PagedList(server.read, false);
    await list.refresh();
    await list.loadMore();
    server.grow(350);
    await list.refreshFrom(120);
    expect([ids(list)[0], list.now().rows.length]).toEqual([item(400).id, 200]);
    await list.refreshFrom(0);
    await list.loadMore();
    expect(ids(list)).toEqual(Array.from({ length: 200 }, (_, index) => item(750 - index).id));
  });

  test("a failure is told, and what was read stays", async () => {
    let fails = false;
    const server = source(20);
    const list = new PagedList<Item>((place) => (fails ? Promise.reject(new Error("gone")) : server.read(place)), true);
    await list.refresh();
    fails = true;
    await list.refresh();
    expect([list.now().state, list.now().rows.length]).toEqual(["failed", 20]);
    fails = false;
    await list.refresh();
    expect(list.now().state).toBe("idle");
  });
});
