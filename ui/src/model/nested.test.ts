import { expect, test } from "vitest";
import { parseFlow, stepsOf } from "./flow";
import { layout } from "./layout";
import { splitNested, startersOf, summariesInside, withChildren } from "./nested";
import type { StepSnapshot } from "./run/rewrite";

const OUTER = parseFlow({ name: "order", version: "1.0.0", steps: [{ id: "pay", adapter: "a" }, { id: "ship", workflow: "shipping" }, { id: "tell", adapter: "b" }] });
const CHILD = parseFlow({
  name: "shipping", version: "2.0.0",
  steps: [{ id: "book", switch: [{ default: [{ id: "call", adapter: "c" }] }] }, { id: "sub", workflow: "other" }, { id: "log", adapter: "d", needs: ["book"] }],
});

test("a child stands in place of the step that starts it", () => {
  expect(startersOf(OUTER).map(({ id }) => id)).toEqual(["ship"]);
  const whole = withChildren(OUTER, new Map([["ship", CHILD]]));
  expect([...stepsOf(whole)].map(({ id, opens }) => [id, opens])).toEqual([
    ["pay", false], ["ship", true], ["ship/book", false], ["ship/call", false], ["ship/sub", false], ["ship/log", false], ["tell", false],
  ]);
  const { boxes, links } = layout(whole, "right", new Set(["ship"]));
  expect(boxes.find(({ id }) => id === "ship")?.kind).toBe("block");
  expect(links.map(({ from, to, role }) => [from, to, role])).toContainEqual(["ship/book", "ship/log", "next"]);
  expect(layout(whole, "right", new Set()).boxes.map(({ id }) => id)).toEqual(["trigger", "pay", "ship", "tell"]);
});

test("the name of a step inside tells of the one outside", () => {
  expect(splitNested("ship/book")).toEqual(["ship", "book"]);
  expect(splitNested("ship")).toBeUndefined();
});

test("its steps are shown as they stand, or as they stood", () => {
  const at = (second: number): string => new Date(second * 1_000).toISOString();
  const steps: StepSnapshot[] = [
    { id: "book", lane: "", status: "completed", attempt_count: 2, started_at: at(10), ended_at: at(20), compensation: "done" },
    { id: "log", lane: "", status: "failed", attempt_count: 1, started_at: at(20), ended_at: at(30), compensation: "none" },
    { id: "later", lane: "", status: "pending", attempt_count: 0, compensation: "none" },
  ];
  const seen = (time: number | undefined): unknown[] => [...summariesInside("ship", steps, time)].map(([id, { status, undo }]) => [id, status, undo]);
  expect(seen(undefined)).toEqual([["ship/book", "completed", "done"], ["ship/log", "failed", "none"]]);
  expect(seen(15_000)).toEqual([["ship/book", "running", "none"]]);
  expect(seen(25_000)).toEqual([["ship/book", "completed", "none"], ["ship/log", "running", "none"]]);
});
