import { expect, test } from "vitest";
import { spanOf, ticksWhen } from "./schedule";

test.each([
  [{ cron: "0 3 * * *", time_zone: "Europe/Berlin" }, "0 3 * * * Europe/Berlin"],
  [{ cron: "0 3 * * *" }, "0 3 * * * UTC"],
  [{ every: "15m", jitter: "1m" }, "every 15m, up to 1m later"],
])("%j ticks %s", (schedule, words) => expect(ticksWhen(schedule)).toBe(words));

const NOW = Date.parse("2026-03-01T12:00:00Z");

test("a span of the past is told in UTC", () => {
  expect(spanOf("2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z", NOW)).toEqual({ from: "2026-03-01T10:00:00.000Z", to: "2026-03-01T11:00:00.000Z" });
});

test.each([
  ["", "2026-03-01T11:00:00Z", "expected a time"],
  ["2026-03-01T11:00:00Z", "2026-03-01T11:00:00Z", "expected the second"],
  ["2026-03-01T11:00:00Z", "2026-03-01T13:00:00Z", "expected times of the past"],
])("from %s to %s is none", (from, to, why) => expect(spanOf(from, to, NOW)).toContain(why));
