import { describe, expect, test } from "vitest";
import { parseFlow, stepsOf, type Flow } from "./flow";
import { layout, type Box, type Direction } from "./layout";

const FLOW = parseFlow({
  name: "order", version: "1.0.0",
  steps: [
    { id: "totals", set: { amount: 1 } },
    {
      id: "lines", "for-each": "${ input.lines }", steps: [{ id: "hold", adapter: "stock", action: "hold", compensation: "release" }],
      catch: [{ error: "http.409", steps: [{ id: "tell", adapter: "mail" }, { id: "give-up", fail: { type: "sold-out" } }] }],
    },
    { id: "offers", join: "any", parallel: { steady: [{ id: "ask-steady", adapter: "a" }], swift: [{ id: "ask-swift", adapter: "b" }, { id: "again", adapter: "b" }] } },
    { id: "packing", switch: [{ when: "x > 1", steps: [{ id: "crate", set: {} }] }, { default: [{ id: "box", set: {} }] }] },
    { id: "left", adapter: "a", needs: ["packing"] },
    { id: "right", adapter: "a", needs: ["packing"] },
    { id: "join", workflow: "shipping", version: "^1", needs: ["left", "right"] },
  ],
  finally: [{ id: "note", adapter: "log" }],
});

test("a definition becomes a tree", () => {
  expect([...stepsOf(FLOW)].map(({ id, kind }) => `${id} ${kind}`)).toEqual([
    "totals set", "lines for-each", "hold adapter", "tell adapter", "give-up fail", "offers parallel", "ask-steady adapter", "ask-swift adapter",
    "again adapter", "packing switch", "crate set", "box set", "left adapter", "right adapter", "join workflow", "note adapter",
  ]);
  const hold = [...stepsOf(FLOW)].find(({ id }) => id === "hold");
  expect(hold).toMatchObject({ does: "stock · hold", undo: "release" });
});

test("what is no definition is an empty one", () => {
  for (const wrong of [null, 7, "x", [], { steps: "none" }, { steps: [1, null] }]) expect([...stepsOf(parseFlow(wrong))]).toEqual([]);
});

function centre(box: Box): { x: number; y: number } {
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

describe.each<[Direction, string[]]>([["right", []], ["right", ["lines"]], ["down", []], ["down", ["lines"]]])("drawn %s with %s open", (direction, open) => {
  const drawing = layout(FLOW, direction, new Set(open));
  const of = (id: string): Box => drawing.boxes.find((box) => box.id === id)!;

  test("no step lies on another", () => {
    const steps = drawing.boxes.filter((box) => box.kind === "step" || box.kind === "trigger");
    const pairs = steps.flatMap((a, index) => steps.slice(index + 1).filter((b) => overlap(a, b)).map((b) => `${a.id} ${b.id}`));
    expect(pairs).toEqual([]);
  });

  test("what is inside a block lies inside its box", () => {
    const inside = (id: string, block: string): void => {
      const [inner, outer] = [of(id), of(block)];
      expect(inner.x >= outer.x && inner.y >= outer.y && inner.x + inner.width <= outer.x + outer.width && inner.y + inner.height <= outer.y + outer.height).toBe(true);
    };
    for (const id of ["ask-steady", "again"]) inside(id, "offers");
    inside("box", "packing");
    if (open.length > 0) inside("hold", "lines");
  });

  test("a step stands behind those that it follows", () => {
    const along = direction === "right" ? "x" : "y";
    const before = (a: string, b: string): void => expect(centre(of(a))[along]).toBeLessThan(centre(of(b))[along]);
    before("totals", "lines");
    before("ask-swift", "again");
    before("packing", "left");
    before("right", "join");
    before("join", "note");
    expect(centre(of("left"))[along]).toBe(centre(of("right"))[along]);
  });

  test("every link joins boxes that are drawn", () => {
    const ids = new Set(drawing.boxes.map((box) => box.id));
    expect(drawing.links.filter((link) => !ids.has(link.from) || !ids.has(link.to))).toEqual([]);
    expect(new Set(drawing.links.map((link) => link.id)).size).toBe(drawing.links.length);
  });
});

test("places do not depend on anything but the definition", () => {
  const again: Flow = parseFlow(structuredClone(FLOW.document));
  expect(layout(again, "right", new Set()).boxes.map(({ id, x, y }) => [id, x, y])).toEqual(layout(FLOW, "right", new Set()).boxes.map(({ id, x, y }) => [id, x, y]));
});
