import { expect, test } from "vitest";
import { asQuery, statuses, toggle } from "./filters";
import { isSame, readViews, writeViews } from "./saved-views";

const NOW = Date.parse("2026-11-26T12:00:30Z");

test("filters become what the API takes", () => {
  expect(asQuery({ status: "failed", q: "", attribute: "region = EU", created_after: "1h" }, NOW)).toEqual({ status: "failed", "attribute.region": "EU", created_after: "2026-11-26T11:00:00.000Z" });
  expect(asQuery({ attribute: "no value", created_before: "2026-01-01T00:00:00.000Z" }, NOW)).toEqual({ created_before: "2026-01-01T00:00:00.000Z" });
});

test("a status is put in and taken out", () => {
  expect(statuses({ status: "failed,stuck" })).toEqual(["failed", "stuck"]);
  expect(toggle(["failed"], "stuck")).toBe("failed,stuck");
  expect(toggle(["failed", "stuck"], "failed")).toBe("stuck");
});

test("views are kept, and what is no view is passed over", () => {
  const kept = new Map<string, string>();
  const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
  expect(readViews(storage)).toEqual([]);
  writeViews(storage, [{ name: "mine", filters: { status: "failed" } }]);
  expect(readViews(storage)).toEqual([{ name: "mine", filters: { status: "failed" } }]);
  storage.setItem("orchestrator.views", "{broken");
  expect(readViews(storage)).toEqual([]);
  expect(isSame({ status: "a" }, { status: "a", q: "" })).toBe(true);
  expect(isSame({ status: "a" }, {})).toBe(false);
});
