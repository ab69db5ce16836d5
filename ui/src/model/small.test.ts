import { describe, expect, test, vi } from "vitest";
import { actOnAll, type BulkProgress } from "./bulk";
import { diffLines } from "./diff";
import { letterTitle } from "./letter";
import { parseMetrics, quantile, rate, total } from "./prometheus";
import { fieldsOf, fill, firstValue, textsOf } from "./schema-form";
import { bytes, duration, exact, figure, span, when } from "./time";
import { Track } from "./track";
import { groupTrouble } from "./trouble";
import { order, replaceStretch } from "./window-list";

describe("spans and moments", () => {
  test.each([[0, "0 ms"], [41.4, "41 ms"], [999, "999 ms"], [1_240, "1.24 s"], [9_996, "10.0 s"], [12_400, "12.4 s"], [192_000, "3 min 12 s"], [7_500_000, "2 h 5 min"], [97_200_000, "1 d 3 h"]])("%d ms is %s", (ms, words) => {
    expect(duration(ms)).toBe(words);
  });

  test.each([[0, "0 B"], [812, "812 B"], [1_023, "1,023 B"], [1_536, "1.5 KiB"], [4_194_304, "4 MiB"], [130_547_712, "125 MiB"], [5_905_580_032, "5.5 GiB"]])("%d bytes are %s", (count, words) => {
    expect(bytes(count)).toBe(words);
  });

  test("relative within the hour, absolute beyond", () => {
    const now = Date.parse("2026-11-26T12:00:00Z");
    expect(when(now - 41_000, now)).toBe("41 s ago");
    expect(when(now + 90_000, now)).toBe("in 1 min");
    expect(when(now - 500, now)).toBe("now");
    expect(when(now - 5 * 86_400_000, now)).toMatch(/^21 Nov,? \d\d:\d\d$/);
    expect(span(4 * 60_000 + 9_000)).toBe("4 min");
  });

  test("figures have three digits at most, counts all of theirs", () => {
    expect([0, 7, 1_234, 12.345, 0.01234, 1_234_567].map(figure)).toEqual(["0", "7", "1,234", "12.3", "0.0123", "1.23M"]);
    expect(exact(1_234_567)).toBe("1,234,567");
  });
});

test("a track knows what was at each place", () => {
  const track = new Track("a");
  track.set(3, "b");
  track.set(3, "c");
  track.set(9, "d");
  expect([0, 2, 3, 8, 9, 100].map((seq) => track.at(seq))).toEqual(["a", "a", "c", "c", "d", "d"]);
  expect(track.now).toBe("d");
});

describe("figures of the server", () => {
  const text = (started: number, fast: number, all: number): string => `# HELP x y
calls_total{adapter="a \\"b\\"",status="ok"} ${String(started)}
calls_total{adapter="c"} 1
time_bucket{le="0.1"} ${String(fast)}
time_bucket{le="0.2"} ${String(all)}
time_bucket{le="+Inf"} ${String(all)}
`;
  const before = { at: 0, samples: parseMetrics(text(10, 0, 0)) };
  const after = { at: 2_000, samples: parseMetrics(text(30, 50, 100)) };

  test("are read with their labels", () => {
    expect(before.samples[0]).toEqual({ name: "calls_total", labels: { adapter: 'a "b"', status: "ok" }, value: 10 });
    expect(total(after, "calls_total")).toBe(31);
    expect(total(after, "calls_total", { adapter: "c" })).toBe(1);
  });

  test("give rates and quantiles between two readings", () => {
    expect(rate(before, after, "calls_total")).toBe(10);
    expect(rate(after, { ...before, at: 4_000 }, "calls_total")).toBeUndefined();
    expect(quantile(before, after, "time", 0.5)).toBeCloseTo(0.1);
    expect(quantile(before, after, "time", 0.75)).toBeCloseTo(0.15);
    expect(quantile(after, after, "time", 0.5)).toBeUndefined();
  });
});

test("trouble is grouped with what is alike", () => {
  const items = [
    { workflow: "w", step: "s", errorType: "e", message: "order o-1 is sold out", at: 5 },
    { workflow: "w", step: "s", errorType: "e", message: "order o-22 is sold out", at: 9 },
    { workflow: "w", step: "t", errorType: "e", message: "order o-1 is sold out", at: 7 },
  ];
  expect(groupTrouble(items, (item) => item).map(({ step, since, last, items: inside, message }) => [step, since, last, inside.length, message])).toEqual([
    ["s", 5, 9, 2, "order o-22 is sold out"], ["t", 7, 7, 1, "order o-1 is sold out"],
  ]);
});

test("a difference holds both texts, and no line twice", () => {
  for (const [a, b] of [["a\nb\nc", "a\nx\nc\nd"], ["", "x"], ["same", "same"], ["1\n2\n3", "3\n2\n1"]] as const) {
    const lines = diffLines(a, b);
    expect(lines.filter(({ kind }) => kind !== "added").map(({ text }) => text).join("\n")).toBe(a);
    expect(lines.filter(({ kind }) => kind !== "removed").map(({ text }) => text).join("\n")).toBe(b);
  }
});

describe("a form for a value that is there", () => {
  const schema = { type: "object", required: ["price"], properties: { price: { type: "number" }, to: { type: "object", properties: { city: { type: "string" } } } } };
  const fields = fieldsOf(schema);

  test("shows it, and keeps what it does not show", () => {
    const base = { price: 7, to: { city: "Bern", zip: 3000 }, note: "n" };
    expect([...textsOf(fields, base)]).toEqual([["price", "7"], ["to.city", "Bern"]]);
    expect(fill(fields, new Map([["price", "8"], ["to.city", ""]]), base).value).toEqual({ price: 8, to: { zip: 3000 }, note: "n" });
    expect(base.to.city).toBe("Bern");
  });

  test("has a value from the beginning where nothing is missing", () => {
    expect(firstValue(schema, { price: 7 })).toEqual({ price: 7 });
    expect(firstValue(schema, {})).toBeUndefined();
    expect(firstValue(null, [1])).toEqual([1]);
  });
});

describe("a form for a schema", () => {
  const fields = fieldsOf({
    type: "object", required: ["rows", "customer"],
    properties: {
      dry: { type: "boolean" }, rows: { type: "integer", title: "Rows" }, source: { enum: ["a", "b"] }, lines: { type: "array" },
      customer: { type: "object", required: ["email"], properties: { email: { type: "string" } } },
    },
  });

  test("has the required fields first, and those of objects inside", () => {
    expect(fields.map(({ path, kind, required }) => `${path} ${kind}${required ? "!" : ""}`)).toEqual(["rows number!", "customer.email text!", "dry boolean", "source choice", "lines json"]);
  });

  test("reads what was filled in", () => {
    const filled = fill(fields, new Map([["rows", "12"], ["customer.email", "a@b"], ["dry", "false"], ["lines", "[1]"]]));
    expect(filled).toEqual({ value: { rows: 12, customer: { email: "a@b" }, dry: false, lines: [1] }, errors: new Map() });
  });

  test("says what is wrong and where", () => {
    expect(fill(fields, new Map([["rows", "many"], ["lines", "["]])).errors).toEqual(new Map([["rows", "expected a number"], ["customer.email", "expected a value"], ["lines", "expected JSON"]]));
    expect(fieldsOf({ type: "string" })).toEqual([]);
  });
});

describe("a long list known in part", () => {
  const row = (at: number): { id: string; created_at: string } => ({ id: `i${String(at)}`, created_at: `2026-11-26T10:00:0${String(at)}.000Z` });
  const rows = [9, 7, 5, 3].map(row);
  const ids = (of: readonly { id: string }[]): string => of.map(({ id }) => id).join(" ");

  test("takes a fresh top in", () => {
    expect(ids(replaceStretch(rows, { rows: [row(10), row(9), row(6)], toEnd: false }))).toBe("i10 i9 i6 i5 i3");
  });

  test("takes a stretch in the middle in, with what has left it", () => {
    expect(ids(replaceStretch(rows, { rows: [row(6), row(5)], from: row(7), toEnd: false }))).toBe("i9 i6 i5 i3");
    expect(ids(replaceStretch(rows, { rows: [row(4)], from: { id: "\uffff", created_at: row(5).created_at }, toEnd: true }))).toBe("i9 i7 i4");
  });

  test("is ordered by time, then by id", () => {
    expect(order(row(9), row(7))).toBe(-1);
    expect(order({ ...row(9), id: "a" }, { ...row(9), id: "b" })).toBe(1);
    expect(order(row(9), row(9))).toBe(0);
  });
});

test("many are acted on a few at a time, and refusals stop nothing", async () => {
  let [now, most] = [0, 0];
  const seen: BulkProgress[] = [];
  const act = async (id: string): Promise<void> => {
    now += 1;
    most = Math.max(most, now);
    await Promise.resolve();
    now -= 1;
    if (id === "3") throw new Error("no");
  };
  const last = await actOnAll(["1", "2", "3", "4", "5"], act, { atOnce: 2, signal: new AbortController().signal, onProgress: (progress) => seen.push(progress) });
  expect(most).toBe(2);
  expect(last).toMatchObject({ total: 5, done: 5, finished: true });
  expect(last.failures.map(({ id }) => id)).toEqual(["3"]);
  expect(seen.at(-1)).toEqual(last);
});

test("a stop leaves the rest alone", async () => {
  const stop = new AbortController();
  const act = vi.fn(() => {
    stop.abort();
    return Promise.resolve();
  });
  const last = await actOnAll(["1", "2", "3"], act, { atOnce: 1, signal: stop.signal, onProgress: () => undefined });
  expect(last).toMatchObject({ done: 1, finished: true });
  expect(act).toHaveBeenCalledTimes(1);
});

test.each([
  [{ kind: "step", step: "open", what: "billing/create" }, "open · billing/create"],
  [{ kind: "compensation", step: "open", what: "billing/delete" }, "undo of open · billing/delete"],
  [{ kind: "event", step: "", what: "greet" }, "start of greet"],
])("a letter is called after what failed", (letter, title) => expect(letterTitle(letter)).toBe(title));
