import { expect, test } from "vitest";
import type { InstanceSummary } from "../../api/client";
import { failureGroups } from "./failures";

function failed(id: string, error: string, minute: number): InstanceSummary {
  const at = new Date(Date.UTC(2026, 10, 26, 10, minute)).toISOString();
  return { id, error, workflow: "order", version: "1.0.0", status: "failed", attributes: {}, correlation_id: "c", created_at: at, updated_at: at, ended_at: at, pending_decisions: 0, priority: "normal", seq: 9 };
}

test("runs that failed alike are one group, with all of them to act on", () => {
  const groups = failureGroups([failed("3", "http.503: order 19 is late", 3), failed("2", "http.503: order 7 is late", 1), failed("1", "http.422: no", 2)]);
  expect(groups.map(({ errorType, count, sample, selection }) => [errorType, count, sample, selection])).toEqual([
    ["http.503", 2, "3", { ids: ["3", "2"] }], ["http.422", 1, "1", { ids: ["1"] }],
  ]);
  expect(groups[0]?.since).toBe(Date.UTC(2026, 10, 26, 10, 1));
  expect(groups[0]?.message).toBe("order 19 is late");
});
