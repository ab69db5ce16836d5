import { describe, expect, test } from "vitest";
import { byWhom, target, wentTo, type Routed } from "./routed";
import { cut, destinationOf, rulesOf, sampleOf } from "./router";

test("rules are named as routes name them, the default last", () => {
  const to = (workflow: string) => ({ workflow });
  const document = { name: "orders", rules: [{ condition: "event.a", destination: to("one") }, { name: "vip", condition: "event.b", destination: to("two"), priority: "high" }], default: to("three") };
  expect(rulesOf(document).map(({ key, condition, destination, priority }) => [key, condition, destination.targets[0]?.name, priority])).toEqual([
    ["0", "event.a", "one", ""], ["vip", "event.b", "two", "high"], ["default", "", "three", ""],
  ]);
  expect(rulesOf(null)).toEqual([]);
});

test.each([
  [{ workflow: "a" }, "", ["workflow a"]],
  [{ adapter: "ledger", action: "book" }, "", ["adapter ledger/book"]],
  [{ router: "eu" }, "", ["router eu"]],
  [{ pool: [{ workflow: "a", weight: 3 }, { adapter: "b" }], balance: "weighted" }, "weighted", ["workflow a 3", "adapter b"]],
  [{ pool: [{ destination: { workflow: "a" }, weight: 2 }] }, "round-robin", ["workflow a 2"]],
  [null, "", []],
])("%j leads to %s %j", (written, balance, targets) => {
  const found = destinationOf(written);
  expect([found.balance, found.targets.map(({ kind, name, weight }) => [kind, name, weight].filter((part) => part !== "").join(" "))]).toEqual([balance, targets]);
});

test.each([
  ["a && b && c", "b", ["a && ", "b", " && c"]],
  ["a", "not in it", ["a", "", ""]],
  ["a", null, ["a", "", ""]],
] as const)("%s is cut at %s", (condition, part, expected) => expect(cut(condition, part)).toEqual(expected));

describe("a sample", () => {
  const fields = { type: "", source: "", subject: "" };
  test("plain data is the event", () => expect(sampleOf({ amount: 1 }, { ...fields, type: "order" })).toEqual({ event: { amount: 1 }, meta: { type: "order" } }));
  test("of a whole CloudEvent the data is, and its attributes are the meta", () => {
    expect(sampleOf({ specversion: "1.0", type: "order", source: "/shop", id: "1", data: { amount: 1 } }, { ...fields, source: "/other" }))
      .toEqual({ event: { amount: 1 }, meta: { specversion: "1.0", type: "order", source: "/other", id: "1" } });
  });
});

const to = (workflow: string, router?: string, rule = "0"): Routed => ({ workflow, rule, ...(router === undefined ? {} : { router }) });

test.each([
  [[], ""], [[to("a")], "a"], [[to("a"), to("a"), to("b")], "a and b"], [[to("a"), to("b"), to("c")], "a, b and c"], [[to("a"), to("b"), to("c"), to("d")], "a, b and 2 more"],
] as const)("%j went to '%s'", (routed, words) => expect(wentTo(routed)).toBe(words));

test("who sent it there, and to what", () => {
  expect(byWhom(to("a", "orders", "vip"))).toBe("the router orders, rule vip");
  expect(byWhom(to("a", undefined, "0-event"))).toBe("its trigger 0-event");
  expect(target({ rule: "0", adapter: "ledger/book" })).toBe("ledger/book");
});
