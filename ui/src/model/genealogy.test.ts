import { describe, expect, test } from "vitest";
import { beginning, keepLine, lineOf, placeOf, plan, titleOf, type Happening, type Lead, type Lineage } from "./genealogy";

/** `id at` for each node, in the order in which the server lists them; `from>to` for what led to what. */
function lineage(nodes: string, edges: string): Lineage {
  return {
    nodes: nodes.split(", ").map((written): Happening => {
      const [id = "", at] = written.split(" ");
      return { id, kind: "workflow", name: id, at: at === undefined ? null : new Date(Number(at)).toISOString() };
    }),
    edges: edges === "" ? [] : edges.split(" ").map((written): Lead => {
      const [from = "", to = ""] = written.split(">");
      return { from, to, kind: "started" };
    }),
  };
}

function drawn(of: Lineage): string[] {
  return plan(of).spots.map(({ node, column, row }) => `${node.id}@${String(column)},${String(row)}`);
}

describe("places", () => {
  test.each([
    ["a chain lies in one row", "a 1, b 2, c 3", "a>b b>c", ["a@0,0", "b@1,0", "c@2,0"]],
    ["what one led to lies below one another, in the order of time", "a 1, late 9, early 2", "a>late a>early", ["a@0,0", "early@1,0", "late@1,1"]],
    ["what has not begun comes last", "a 1, waits, ran 5", "a>waits a>ran", ["a@0,0", "ran@1,0", "waits@1,1"]],
    ["a node stands behind the last that led to it", "a 1, b 2, c 3", "a>b b>c a>c", ["a@0,0", "b@1,0", "c@2,0"]],
    ["those without a cause begin rows of their own", "b 2, a 1", "", ["a@0,0", "b@0,1"]],
    ["deeper lines come before the next one", "a 1, b 2, c 3, d 4", "a>b b>d a>c", ["a@0,0", "b@1,0", "d@2,0", "c@1,1"]],
    ["a circle is drawn all the same", "a 1, b 2", "a>b b>a", ["a@0,0", "b@0,1"]],
  ])("%s", (_, nodes, edges, expected) => expect(drawn(lineage(nodes, edges))).toEqual(expected));

  test("no two share a place, however they are linked", () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      let state = seed;
      const draw = (below: number): number => {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
        return state % below;
      };
      const count = 1 + draw(30);
      const nodes = Array.from({ length: count }, (_, index) => `n${String(index)} ${String(draw(50))}`).join(", ");
      const edges = Array.from({ length: draw(40) }, () => [draw(count), draw(count)] as const).filter(([from, to]) => from < to).map(([from, to]) => `n${String(from)}>n${String(to)}`).join(" ");
      const made = plan(lineage(nodes, edges));
      expect(new Set(made.spots.map(({ column, row }) => `${String(column)},${String(row)}`)).size).toBe(count);
      const columns = new Map(made.spots.map(({ node, column }) => [node.id, column]));
      for (const { from, to } of made.edges) expect(columns.get(from)).toBeLessThan(columns.get(to) ?? -1);
    }
  });

  test("a chain longer than calls may be deep is drawn", () => {
    const ids = Array.from({ length: 20_000 }, (_, index) => `n${String(index)}`);
    expect(plan(lineage(ids.map((id, index) => `${id} ${String(index)}`).join(", "), ids.slice(1).map((id, index) => `n${String(index)}>${id}`).join(" "))).columns).toBe(20_000);
  });
});

describe("lines", () => {
  const family = lineage("a 1, b 2, c 3, d 4, other 5", "a>b a>c b>d c>d");
  test("what led to a node, and what it led to", () => {
    expect([...lineOf(family.edges, "d", "ancestors")].sort()).toEqual(["a", "b", "c", "d"]);
    expect([...lineOf(family.edges, "b", "descendants")].sort()).toEqual(["b", "d"]);
  });
  test("a line keeps the edges between its nodes", () => expect(keepLine(family, "b", "ancestors")).toEqual({ nodes: family.nodes.slice(0, 2), edges: [family.edges[0]] }));
  test("a node that is not there leaves all as it is", () => expect(keepLine(family, "gone", "ancestors")).toBe(family));
});

test("a node's id says where it belongs", () => {
  expect(placeOf("0192/ship/0/3#2")).toEqual({ instance: "0192", step: "ship", lane: "0/3", attempt: "2" });
  expect(placeOf("0192")).toEqual({ instance: "0192", step: "", lane: "", attempt: "" });
});

test("it begins with the first that has begun", () => {
  expect(beginning(lineage("a 7, b 3, c", "").nodes)).toBe(3);
  expect(beginning(lineage("c", "").nodes)).toBeUndefined();
});

test.each([["workflow", "greet", "greet"], ["attempt", "run", "attempt 2"], ["attempt", "undo", "attempt 2, undo"], ["attempt", "eu-west", "attempt 2 at eu-west"]])("%s %s is called %s", (kind, name, title) => {
  expect(titleOf({ id: "i/step#2", kind, name })).toBe(title);
});
