import { describe, expect, test } from "vitest";
import { reasons } from "../waiting";
import { summarise } from "../summary";
import { compareRuns } from "../compare";
import { recordsOf, STARTED, type Line } from "./records";
import { Run } from "./run";

function runOf(lines: readonly Line[]): Run {
  const run = new Run();
  run.append(recordsOf(lines));
  return run;
}

const PLAN = { plan: { adapter: "billing", action: "create", max_attempts: 3 } };
const ERROR = { type: "http.503", message: "unavailable", step: "pay" };

describe("a step that is tried again", () => {
  const run = runOf([
    STARTED,
    ["step-scheduled", "pay", { ...PLAN, input: { n: 1 } }],
    ["attempt-failed", "pay", { attempt: 1, for: "run", error: ERROR, exchange: { status: 503 } }],
    ["retry-scheduled", "pay", { attempt: 2, for: "run", due_at: "2026-11-26T10:00:09.000Z" }],
    ["attempt-started", "pay", { attempt: 2, generation: 1, for: "run" }],
    ["step-completed", "pay", { output: { id: 7 } }],
    ["lane-ended", undefined, { lane: 0, outcome: "completed" }],
    ["instance-completed", undefined, { output: { id: 7 } }],
  ]);

  test("is what it was at every position", () => {
    const seen = [2, 3, 5, 6].map((seq) => run.stepAt("|pay", seq)?.status);
    expect(seen).toEqual(["running", "retrying", "running", "completed"]);
    expect(run.stepAt("|pay", 1)).toBeUndefined();
    expect([2, 4, 5, 8].map((seq) => run.instance.at(seq).status)).toEqual(["running", "waiting", "running", "completed"]);
  });

  test("says why it does not move", () => {
    const { found, total } = reasons(run, 4, 3);
    expect(total).toBe(1);
    expect(found[0]).toMatchObject({ step: "pay", busy: "retry", attempt: 1, plan: { adapter: "billing", maxAttempts: 3 }, error: { type: "http.503" } });
    expect(found[0]?.dueAt).toBe(Date.parse("2026-11-26T10:00:09.000Z"));
    expect(reasons(run, 8, 3).total).toBe(0);
  });

  test("spent its time on a call, a pause and a call", () => {
    const segments = run.steps.find("|pay")?.segments ?? [];
    expect(segments.map(({ busy, outcome, fromSeq, toSeq }) => [busy, outcome, fromSeq, toSeq])).toEqual([
      ["call", "failed", 2, 3], ["retry", "completed", 3, 5], ["call", "completed", 5, 6],
    ]);
    expect(segments[0]?.exchange).toEqual({ status: 503 });
  });
});

describe("a step that waits for a signal", () => {
  const run = runOf([
    STARTED,
    ["signal-received", undefined, { signal: "early", data: 1 }],
    ["signal-awaited", "paid", { signal: "paid", until: "2026-11-26T11:00:00.000Z" }],
    ["signal-received", undefined, { signal: "paid", data: { amount: 7 } }],
    ["signal-taken", "paid", { signal: "paid", received: 4 }],
    ["step-completed", "paid", { output: { amount: 7 } }],
    ["signal-awaited", "more", { signal: "more", until: "2026-11-26T11:00:00.000Z" }],
    ["wait-expired", "more", {}],
    ["step-completed", "more", { output: null }],
  ]);

  test("says which one, until when, and what came of it", () => {
    expect(reasons(run, 3, 3).found[0]).toMatchObject({ step: "paid", busy: "signal", signal: "paid", dueAt: Date.parse("2026-11-26T11:00:00.000Z") });
    expect([3, 6].map((seq) => run.instance.at(seq).status)).toEqual(["waiting", "waiting"]);
    expect(run.stepAt("|paid", 6)).toMatchObject({ status: "completed", output: { amount: 7 }, expired: false });
    expect(run.stepAt("|more", 9)).toMatchObject({ status: "completed", output: null, expired: true });
  });
});

test("records that are known are passed over, and nothing is taken behind a gap", () => {
  const records = recordsOf([STARTED, ["step-scheduled", "pay", PLAN], ["step-completed", "pay", {}]]);
  const run = new Run();
  expect(run.append(records.slice(0, 2))).toBe(2);
  expect(run.append(records)).toBe(1);
  expect(run.append([{ ...records[0]!, seq: 9 }])).toBe(0);
  expect(run.end).toBe(3);
});

describe("a block with lanes", () => {
  const run = runOf([
    STARTED,
    ["step-started", "lines", { lanes: 3 }],
    ["lanes-opened", "lines", { from: 0, to: 2 }],
    ["step-scheduled", "hold", PLAN, "lines[0]"],
    ["step-scheduled", "hold", PLAN, "lines[1]"],
    ["step-completed", "hold", {}, "lines[0]"],
    ["lane-ended", undefined, { lane: 1, outcome: "completed" }],
    ["lanes-opened", "lines", { from: 2, to: 3 }],
    ["step-scheduled", "hold", PLAN, "lines[2]"],
    ["step-failed", "hold", { error: ERROR, handling: "fails" }, "lines[1]"],
    ["lane-ended", undefined, { lane: 2, outcome: "failed" }],
    ["lane-closing", undefined, { lane: 3, why: "cancelled" }],
    ["lane-ended", undefined, { lane: 3, outcome: "cancelled" }],
    ["step-failed", "lines", { error: ERROR, handling: "caught" }],
    ["lanes-opened", "lines", { from: 0, to: 1 }],
    ["step-scheduled", "tell", PLAN, "lines[0]"],
    ["lane-ended", undefined, { lane: 1, outcome: "completed" }],
  ]);

  test("counts what became of them", () => {
    expect(run.stepAt("|lines", 9)?.lanes).toEqual({ total: 3, opened: 3, first: 1, completed: 1, failed: 0, cancelled: 0 });
    expect(run.stepAt("|lines", 13)?.lanes).toEqual({ total: 3, opened: 3, first: 1, completed: 1, failed: 1, cancelled: 1 });
  });

  test("ends what still ran in a lane with the lane", () => {
    expect(run.stepAt("lines[2]|hold", 12)?.status).toBe("running");
    expect(run.stepAt("lines[2]|hold", 13)?.status).toBe("cancelled");
  });

  test("keeps a catch apart from the first lane, whose path it has", () => {
    expect(run.stepAt("lines[0]|tell", 17)?.status).toBe("running");
  });

  test("is one node, and alike lanes are one reason", () => {
    expect(summarise(run, "hold", 9)).toMatchObject({ status: "running", lanes: 3, only: undefined });
    expect(reasons(run, 5, 3).found).toMatchObject([{ step: "hold", busy: "call", lanes: 2 }]);
  });
});

describe("an undo that waits for its approval", () => {
  const run = runOf([
    STARTED,
    ["step-scheduled", "pay", PLAN],
    ["step-completed", "pay", { output: { id: 7 } }],
    ["instance-failing", undefined, { error: ERROR }],
    ["lane-ended", undefined, { lane: 0, outcome: "failed" }],
    ["compensation-started", undefined, { lane: 0, lanes: 1 }],
    ["decision-requested", "pay", { decision_id: "d1", kind: "compensation-approval" }],
    ["decision-made", undefined, { decision_id: "d1", choice: "approve", by: "bob" }],
    ["compensation-scheduled", "pay", { for: "compensate", plan: { adapter: "billing", action: "delete", max_attempts: 2 } }],
    ["compensation-ended", "pay", { outcome: "done" }],
  ]);

  test("is asked about while the roll-back goes on, and the step stays completed", () => {
    expect([7, 8, 9].map((seq) => run.instance.at(seq).status)).toEqual(["compensating", "compensating", "compensating"]);
    expect(run.stepAt("|pay", 7)).toMatchObject({ status: "completed", undo: { busy: "decision" } });
    expect(reasons(run, 7, 3).found[0]).toMatchObject({ step: "pay", busy: "decision", ofUndo: true, decisionIds: ["d1"] });
    expect(run.stepAt("|pay", 10)?.undo?.status).toBe("done");
  });
});

describe("a roll-back", () => {
  const run = runOf([
    STARTED,
    ["step-scheduled", "pay", PLAN],
    ["step-completed", "pay", { output: { id: 7 } }],
    ["step-failed", "ship", { error: { ...ERROR, step: "ship" }, handling: "fails" }],
    ["instance-failing", undefined, { error: ERROR }],
    ["lane-ended", undefined, { lane: 0, outcome: "failed" }],
    ["compensation-started", undefined, { lane: 0, lanes: 1 }],
    ["compensation-scheduled", "pay", { for: "compensate", plan: { adapter: "billing", action: "delete", max_attempts: 2 } }],
    ["decision-requested", "pay", { decision_id: "d1", kind: "compensation-failed", error: ERROR }],
    ["decision-made", undefined, { decision_id: "d1", choice: "retry", by: "ann" }],
    ["step-rescheduled", "pay", { attempt: 2, generation: 2, for: "compensate" }],
    ["compensation-ended", "pay", { outcome: "done" }],
    ["instance-compensated", undefined, { output: null }],
  ]);

  test("is stuck while a person is asked, and goes on", () => {
    expect([8, 9, 10, 11, 13].map((seq) => run.instance.at(seq).status)).toEqual(["compensating", "stuck", "compensating", "compensating", "compensated"]);
    expect(run.stepAt("|pay", 9)).toMatchObject({ status: "completed", undo: { busy: "decision", status: "running" } });
    expect(run.stepAt("|pay", 12)?.undo?.status).toBe("done");
  });

  test("asks for a decision first", () => {
    expect(reasons(run, 9, 3).found[0]).toMatchObject({ step: "pay", busy: "decision", ofUndo: true, decisionIds: ["d1"] });
  });

  test("differs from a run that went well", () => {
    const well = runOf([STARTED, ["step-scheduled", "pay", PLAN], ["step-completed", "pay", { output: { id: 8 } }]]);
    expect(compareRuns(well, run).map(({ step, differs }) => [step, differs])).toEqual([["pay", ["status", "output"]], ["ship", ["status"]]]);
  });
});

test("a position of a long history is answered at once", () => {
  const run = new Run();
  run.append(recordsOf([STARTED, ["step-started", "lines", { lanes: 50_000 }], ["lanes-opened", "lines", { from: 0, to: 50_000 }]]));
  const at = "2026-11-26T10:00:05.000Z";
  for (let lane = 0; lane < 50_000; lane += 1) {
    const path = `lines[${String(lane)}]`;
    run.append([
      { seq: run.end + 1, at, type: "step-scheduled", step: "hold", lane: path, data: PLAN },
      { seq: run.end + 2, at, type: "step-completed", step: "hold", lane: path, data: {} },
    ]);
  }
  expect(run.end).toBe(100_003);
  expect(summarise(run, "hold", 60_003)?.byStatus.get("completed")).toBe(30_000);
  expect(reasons(run, 60_002, 20).found).toMatchObject([{ step: "hold", lane: "lines[29999]", lanes: 1 }]);
  const began = performance.now();
  for (let position = 1_000; position <= run.end; position += 1_000) {
    summarise(run, "hold", position);
    reasons(run, position, 20);
  }
  // A hundred positions in the time that one may take.
  expect(performance.now() - began).toBeLessThan(200);
});

test("what is open is found at every position, however many are", () => {
  const run = new Run();
  run.append(recordsOf([STARTED, ["step-started", "lines", { lanes: 2_000 }], ["lanes-opened", "lines", { from: 0, to: 2_000 }]]));
  const at = "2026-11-26T10:00:05.000Z";
  const record = (type: string, lane: number): void => void run.append([{ seq: run.end + 1, at, type, step: "hold", lane: `lines[${String(lane)}]`, data: PLAN }]);
  for (let lane = 0; lane < 2_000; lane += 1) record("step-scheduled", lane);
  for (let lane = 0; lane < 2_000; lane += 1) record("step-completed", lane);
  const open = (seq: number): number => reasons(run, seq, 1).found[0]?.lanes ?? 0;
  for (const seq of [3, 4, 503, 504, 1_003, 2_002, 2_003, 2_004, 3_000, 4_002, 4_003]) expect([seq, open(seq)]).toEqual([seq, 2_000 - Math.abs(2_003 - seq)].map((value) => Math.max(0, value)));
});
