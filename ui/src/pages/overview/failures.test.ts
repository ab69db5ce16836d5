import { expect, test } from "vitest";
import type { Schemas } from "../../api/client";
import { failureGroups } from "./failures";

const GROUP: Schemas["FailureGroup"] = {
  group: { workflow: "order", step: "charge", error: "http.503", adapter: "billing", target: "http://a" },
  count: 12, failed: 10, compensated: 2, open: 0,
  first_at: "2026-11-26T10:01:00.000Z", last_at: "2026-11-26T10:03:00.000Z",
  message: "order 19 is late", samples: ["3", "2"],
  filter: { status: "failed,compensated", workflow: "order", q: "http.503" },
};

test("a group says where it failed and what an operation takes", () => {
  const [group] = failureGroups([GROUP]);
  expect(group).toMatchObject({ workflow: "order", step: "charge", target: "billing http://a", errorType: "http.503", count: 12, sample: "3" });
  expect(group?.selection).toEqual({ filter: { status: "failed,compensated", workflow: "order", q: "http.503" } });
  expect(group?.since).toBe(Date.UTC(2026, 10, 26, 10, 1));
});

test("what no call did has no target, and without a filter those that are known are meant", () => {
  const [group] = failureGroups([{ ...GROUP, group: { workflow: "order", step: "check", error: "no-stock", adapter: "", target: "" }, filter: null }]);
  expect(group).toMatchObject({ target: "", selection: { ids: ["3", "2"] } });
});
