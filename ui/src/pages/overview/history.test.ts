import { expect, test } from "vitest";
import type { Schemas } from "../../api/client";
import { historyOf } from "./history";

const STATS: Schemas["Stats"] = {
  about: "workflows", from: "2026-11-26T10:00:00.000Z", to: "2026-11-26T10:03:00.000Z", step_seconds: 60, left_out: 0,
  series: [{
    group: {}, total: {}, points: [{
      at: "2026-11-26T10:01:00.000Z", started: 120, completed: 45, failed: 10, compensated: 5, cancelled: 0,
      latency: { count: 60, mean_ms: 20, p50_ms: 18, p95_ms: 40, p99_ms: 55, max_ms: 60 },
    }],
  }],
};

test("spans without a count are empty, and the others are rates, durations and shares", () => {
  const { times, flow, latency, failed } = historyOf(STATS);
  expect(times).toHaveLength(3);
  expect(flow.map(({ name, values }) => [name, values])).toEqual([["started", [0, 2, 0]], ["ended", [0, 1, 0]], ["failed", [0, 0.25, 0]]]);
  expect(latency[1]?.values).toEqual([null, 40, null]);
  expect(failed[0]?.values).toEqual([null, 25, null]);
});

test("a time in which nothing happened has its spans all the same", () => {
  expect(historyOf({ ...STATS, series: [] }).flow[0]?.values).toEqual([0, 0, 0]);
});
