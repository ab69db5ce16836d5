import { describe, expect, test } from "vitest";
import { reasons } from "../waiting";
import { summarise, wasTaken } from "../summary";
import { recordsOf, STARTED, type Line } from "./records";
import type { Snapshot, StepSnapshot } from "./rewrite";
import { Run } from "./run";

const PLAN = { plan: { adapter: "billing", action: "create", max_attempts: 3 } };
const ERROR = { type: "http.422", message: "no", step: "ship" };
const AT = "2026-11-26T10:00:00.000Z";

function step(id: string, status: string, more: Partial<StepSnapshot> = {}): StepSnapshot {
  return { id, lane: "", status, attempt_count: 1, compensation: "none", ...more };
}

function state(steps: readonly StepSnapshot[], more: Partial<Snapshot> = {}): Snapshot {
  return { version: "1.0.0", status: "running", output: null, steps, ...more };
}

const FAILED: readonly Line[] = [
  STARTED,
  ["step-scheduled", "pay", PLAN],
  ["step-completed", "pay", { output: { id: 7 } }],
  ["step-scheduled", "ship", PLAN],
  ["step-failed", "ship", { error: ERROR, handling: "fails" }],
  ["instance-failing", undefined, { error: ERROR }],
  ["lane-ended", undefined, { lane: 0, outcome: "failed" }],
  ["compensation-started", undefined, { lane: 0, lanes: 1 }],
  ["compensation-scheduled", "pay", { for: "compensate", plan: { adapter: "billing", action: "delete", max_attempts: 2 } }],
  ["compensation-ended", "pay", { outcome: "done" }],
  ["instance-compensated", undefined, { output: null }],
];

const RETRIED: readonly Line[] = [
  ...FAILED,
  ["instance-retried", undefined, { reason: "mended" }],
  ["step-scheduled", "pay", PLAN],
  ["step-completed", "pay", { output: { id: 8 } }],
];

describe("a run that is retried after its roll-back", () => {
  const run = new Run();
  run.append(recordsOf(RETRIED));

  test("waits for the state that its record does not tell, and for nothing before", () => {
    expect([run.end, run.wants, run.known]).toEqual([11, 12, 14]);
    expect(run.append(recordsOf(RETRIED).slice(10))).toBe(0);
    expect(run.end).toBe(11);
  });

  test("goes on from that state, and keeps what was before", () => {
    run.give(state([step("pay", "pending"), step("ship", "pending")]));
    expect([run.end, run.wants]).toEqual([14, undefined]);
    expect([11, 12, 13, 14].map((seq) => run.instance.at(seq).status)).toEqual(["compensated", "waiting", "running", "waiting"]);
    expect(run.instance.at(11).error?.type).toBe("http.422");
    expect(run.instance.at(12)).toMatchObject({ error: undefined, endedAt: 0, undone: false, renewedAt: 12 });
    expect(run.stepAt("|pay", 11)).toMatchObject({ status: "completed", undo: { status: "done" } });
    expect(run.stepAt("|pay", 12)).toMatchObject({ status: "pending", attempt: 1, generation: 2, undo: undefined, output: null });
    expect(run.stepAt("|pay", 14)).toMatchObject({ status: "completed", attempt: 2, output: { id: 8 } });
  });

  test("shows that a step has not been reached again", () => {
    const [pay, ship] = [summarise(run, "pay", 14), summarise(run, "ship", 14)];
    expect(ship?.status).toBe("pending");
    expect(wasTaken(pay, ship, "next")).toBe(false);
    expect(reasons(run, 12, 3).total).toBe(0);
  });

  test("says where it went on from another state", () => {
    expect(run.turns.map(({ seq, type }) => [seq, type])).toEqual([[12, "instance-retried"]]);
  });

  test("keeps the stretches of both goes", () => {
    const segments = run.steps.find("|pay")?.segments ?? [];
    expect(segments.map(({ busy, ofUndo, fromSeq, toSeq }) => [busy, ofUndo, fromSeq, toSeq])).toEqual([["call", false, 2, 3], ["call", true, 9, 10], ["call", false, 13, 14]]);
  });
});

test("a call of which nobody knows what became is made again as it was", () => {
  const run = new Run();
  run.append(recordsOf([STARTED, ["step-scheduled", "ship", PLAN], ["step-failed", "ship", { error: ERROR, handling: "fails" }], ["instance-failed", undefined, {}], ["instance-retried", undefined, {}]]));
  run.give(state([step("ship", "running", { attempt_count: 2, started_at: AT })]));
  expect(run.instance.now.status).toBe("running");
  expect(reasons(run, 5, 3).found).toMatchObject([{ step: "ship", busy: "call", attempt: 2, plan: { adapter: "billing" } }]);
});

describe("a run that is restored", () => {
  const run = new Run();
  run.append(recordsOf([
    STARTED,
    ["step-scheduled", "pay", PLAN],
    ["step-completed", "pay", { output: 1 }],
    ["step-started", "lines", { lanes: 2 }],
    ["lanes-opened", "lines", { from: 0, to: 2 }],
    ["step-scheduled", "hold", PLAN, "lines[0]"],
    ["instance-restored", undefined, { to_seq: 3, version: "1.0.0", reason: "" }],
    ["step-started", "lines", { lanes: 2 }],
    ["lanes-opened", "lines", { from: 0, to: 1 }],
    ["step-scheduled", "hold", PLAN, "lines[0]"],
    ["lane-ended", undefined, { lane: 3, outcome: "completed" }],
  ]));
  run.give(state([step("pay", "completed", { started_at: new Date(Date.parse(AT) + 1_000).toISOString(), output: 1 })]));

  test("has no trace of what was given up but in its past", () => {
    expect(run.stepAt("lines[0]|hold", 6)?.status).toBe("running");
    expect(run.stepAt("lines[0]|hold", 7)).toBeUndefined();
    expect(run.stepAt("|lines", 7)).toBeUndefined();
    expect([...run.seen(7)].map((line) => line.key)).toEqual(["|pay", "|lines", "lines[0]|hold"]);
    expect(run.instance.at(7).status).toBe("waiting");
    expect(run.stepAt("|pay", 7)).toMatchObject({ status: "completed", output: 1, plan: { adapter: "billing" } });
  });

  test("counts the lanes that begin anew, whose numbers are new ones", () => {
    expect(run.stepAt("|lines", 11)?.lanes).toMatchObject({ total: 2, opened: 1, first: 3, completed: 1 });
    expect(run.stepAt("lines[0]|hold", 11)?.status).toBe("cancelled");
  });
});

test("what is under way stays so in a run that is migrated, on the other version", () => {
  const run = new Run();
  run.append(recordsOf([STARTED, ["step-started", "nap", { until: "2026-11-26T11:00:00.000Z" }], ["instance-migrated", undefined, { version: "2.0.0", reason: "" }]]));
  run.give(state([step("nap", "waiting", { attempt_count: 0, started_at: new Date(Date.parse(AT) + 1_000).toISOString() })], { version: "2.0.0" }));
  expect([2, 3].map((seq) => run.instance.at(seq).version)).toEqual(["1.0.0", "2.0.0"]);
  expect(reasons(run, 3, 3).found).toMatchObject([{ step: "nap", busy: "timer", dueAt: Date.parse("2026-11-26T11:00:00.000Z") }]);
});

test("steps that were done in another run count as done", () => {
  const run = new Run();
  run.append(recordsOf([STARTED, ["steps-taken", undefined, { from: "r1", places: [0] }], ["step-scheduled", "ship", PLAN]]));
  run.give(state([step("pay", "completed", { attempt_count: 0, output: 7, started_at: AT, ended_at: AT }), step("ship", "pending", { attempt_count: 0 })]));
  expect(run.stepAt("|pay", 2)).toMatchObject({ status: "completed", output: 7, takenFrom: "r1" });
  expect(run.stepAt("|ship", 2)).toBeUndefined();
  expect(run.stepAt("|ship", 3)?.status).toBe("running");
});

test("a run that waits for its turn, and is taken up", () => {
  const run = new Run();
  run.append(recordsOf([STARTED, ["turn-awaited", undefined, { place: 3 }], ["instance-begun"], ["step-scheduled", "pay", PLAN]]));
  expect([2, 3, 4].map((seq) => run.instance.at(seq).status)).toEqual(["queued", "waiting", "running"]);
  expect(run.instance.at(2).turnSince).toBeGreaterThan(0);
  expect(run.instance.at(3).turnSince).toBe(0);
});
