import { expect, test } from "vitest";
import { byRuleOf, ownOf } from "./figures";

const stats = { about: "rules", from: "2026-01-01T00:00:00Z", to: "2026-01-01T01:00:00Z", left_out: 0 };

test("what a router saw and what its rules did is read from the figures", () => {
  expect(ownOf({ ...stats, series: [{ group: { router: "orders" }, total: { seen: 5, unrouted: 2, failed: 1 } }] })).toEqual({ seen: 5, unrouted: 2, failed: 1 });
  const rules = byRuleOf({ ...stats, series: [{ group: { router: "orders", rule: "vip" }, total: { taken: 3, sent: 2, failed: 1 } }] });
  expect([...rules]).toEqual([["vip", { taken: 3, sent: 2, failed: 1 }]]);
});

test("a router that saw nothing in the time has counts of 0", () => {
  expect(ownOf({ ...stats, series: [] })).toEqual({ seen: 0, unrouted: 0, failed: 0 });
  expect(byRuleOf({ ...stats, series: [] }).size).toBe(0);
});
