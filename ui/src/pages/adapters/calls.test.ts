import { expect, test } from "vitest";
import { callsByAdapter } from "./calls";

const latency = (p95_ms: number) => ({ count: 1, mean_ms: 1, p50_ms: 1, p95_ms, p99_ms: p95_ms, max_ms: 99 });

test("the targets of an adapter are taken together, the slowest stands for its speed", () => {
  const calls = callsByAdapter([
    { group: { adapter: "billing", target: "http://a" }, total: { calls: 10, errors: 1, latency: latency(20) } },
    { group: { adapter: "billing", target: "http://b" }, total: { calls: 5, errors: 0, latency: latency(80) } },
    { group: { adapter: "mail", target: "" }, total: { calls: 0, errors: 0 } },
  ]);
  expect(calls.get("billing")).toEqual({ made: 15, failed: 1, slowestP95: 80 });
  expect(calls.get("mail")).toEqual({ made: 0, failed: 0, slowestP95: undefined });
});
