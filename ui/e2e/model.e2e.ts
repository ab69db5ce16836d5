/** The page's model says of every position what the server itself says. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { components } from "../src/api/schema";
import { Run } from "../src/model/run/run";
import { keyOf } from "../src/model/run/steps";
import type { StepState } from "../src/model/run/state";
import { Api, CUSTOMER, ORDER, put } from "./harness/api";
import { TestServer } from "./harness/server";
import { until } from "./harness/until";

type Schemas = components["schemas"];

let server: TestServer;
let api: Api;

beforeAll(async () => {
  server = await TestServer.dev();
  api = new Api(server);
  await put(api);
});
afterAll(() => server.stop());

function countsOf({ lanes }: StepState): Record<string, number> | undefined {
  if (lanes === undefined) return undefined;
  const settled = lanes.completed + lanes.failed + lanes.cancelled;
  const all = { pending: lanes.total - lanes.opened, running: lanes.opened - settled, completed: lanes.completed, failed: lanes.failed, cancelled: lanes.cancelled };
  return Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0));
}

/** Compares each position; steps that have not begun are not shown by the model. */
async function compare(id: string): Promise<void> {
  const history = await api.get<Schemas["Page_HistoryRecord"]>(`/workflows/${id}/history?limit=1000`);
  const run = new Run();
  run.append(history.items);
  for (let seq = run.wants; seq !== undefined; seq = run.wants) run.give(await api.get<Schemas["Instance"]>(`/workflows/${id}/state?at_seq=${String(seq)}`));
  expect(run.end).toBe(history.items.length);
  for (let seq = 1; seq <= run.end; seq += 1) {
    const truth = await api.get<Schemas["Instance"]>(`/workflows/${id}/state?at_seq=${String(seq)}`);
    expect([seq, run.instance.at(seq).status, run.instance.at(seq).version]).toEqual([seq, truth.status, truth.version]);
    // Of a block that began anew the lanes before it are there too, under the same paths.
    const latest = new Map(truth.steps.map((step) => [keyOf(step.lane, step.id), step]));
    for (const step of latest.values()) {
      const state = run.stepAt(keyOf(step.lane, step.id), seq);
      if (state === undefined) continue;
      // The API has no word of its own for a step that waits for a person.
      const status = state.status === "deciding" ? "waiting" : state.status;
      expect([seq, step.lane, step.id, status, state.attempt, state.undo?.status ?? "none", countsOf(state)])
        .toEqual([seq, step.lane, step.id, step.status, step.attempt_count, step.compensation, step.lanes?.by_status]);
    }
  }
}

test("of a run with lanes, branches and a child that went well", async () => {
  const id = await api.start("order-fulfilment", ORDER);
  await api.reaches(id, "completed");
  await compare(id);
});

test("of a run that was rolled back after a caught failure", async () => {
  const id = await api.start("order-fulfilment", { ...ORDER, lines: [...ORDER.lines, { sku: "vase-blue", quantity: 1, unit_price: 1, weight_kg: 1 }] });
  await api.reaches(id, "compensated");
  await compare(id);
});

test("of a run without a carrier, and of one that is cancelled while it waits", async () => {
  const refused = await api.start("order-fulfilment", { ...ORDER, max_shipping: 1 });
  await api.reaches(refused, "compensated");
  await compare(refused);
  const asleep = await api.start("sleeper", {});
  await api.reaches(asleep, "waiting");
  await api.post(`/workflows/${asleep}/cancel`, {});
  await api.reaches(asleep, "cancelled");
  await compare(asleep);
});

test("of a run that asks a person, for a step and for its undo", async () => {
  await api.turn("billing", { mode: "failing", status: 422 });
  const id = await api.start("customer-onboarding", CUSTOMER);
  await api.reaches(id, "waiting");
  await compare(id);
  await api.turn("billing", { mode: "ok" });
  await api.turn("chat", { mode: "failing", status: 400 });
  const answer = async (choice: string): Promise<void> => {
    const { items } = await api.get<Schemas["Page_Decision"]>("/decisions?status=pending");
    const asked = items.find((decision) => decision.workflow_id === id);
    await api.post(`/decisions/${asked?.id ?? ""}/${choice}`, {});
  };
  // The mail holds it up behind the account, so that the account can no more be deleted when the chat refuses.
  await api.turn("email", { mode: "slow", delay_ms: 3_000 });
  await answer("approve");
  await until("the account is there", async () => (await api.instance(id)).steps.some((step) => step.id === "create-account" && step.status === "completed"));
  await api.turn("billing", { mode: "failing", status: 422 });
  await api.reaches(id, "stuck");
  await compare(id);
  await api.turn("billing", { mode: "ok" });
  await answer("approve");
  await api.reaches(id, "compensated");
  await compare(id);
});

test("of a run that is retried, and of one that begins at the step that failed", async () => {
  await api.turn("chat", { mode: "failing", status: 400 });
  const id = await api.start("customer-onboarding", CUSTOMER);
  await api.reaches(id, "compensated", "failed");
  await api.turn("chat", { mode: "ok" });
  await api.post(`/workflows/${id}/retry`, { reason: "mended" });
  await api.reaches(id, "completed");
  await compare(id);
  const { id: other } = await api.post<Schemas["Submitted"]>(`/workflows/${id}/replay`, { from: "notify-team" });
  await api.reaches(other, "completed");
  await compare(other);
});

test("of a run with lanes that is retried, and restored with and without an undo", async () => {
  const id = await api.start("order-fulfilment", { ...ORDER, max_shipping: 1 });
  await api.reaches(id, "compensated");
  await api.post(`/workflows/${id}/retry`, {});
  await api.reaches(id, "compensated");
  await compare(id);
  const done = await api.start("order-fulfilment", ORDER);
  await api.reaches(done, "completed");
  const { items } = await api.get<Schemas["Page_HistoryRecord"]>(`/workflows/${done}/history?type=lanes-opened&limit=1000`);
  await api.post(`/workflows/${done}/restore`, { seq: items[0]?.seq ?? 0 });
  await api.reaches(done, "completed");
  await compare(done);
  await api.post(`/workflows/${done}/restore`, { seq: items[0]?.seq ?? 0, compensate: true });
  await until("it was restored twice", async () => (await api.get<Schemas["Page_HistoryRecord"]>(`/workflows/${done}/history?type=instance-restored&limit=10`)).items.length === 2);
  await api.reaches(done, "completed");
  await compare(done);
});

test("of a run that is migrated while it waits", async () => {
  const { id } = await api.post<Schemas["Submitted"]>("/workflows", { workflow: "sleeper", version: "1.0.0", input: {} });
  await api.reaches(id, "waiting");
  await api.post(`/workflows/${id}/migrate`, { version: "1.1.0" });
  await api.post(`/workflows/${id}/cancel`, {});
  await api.reaches(id, "cancelled");
  await compare(id);
});

test("of a run that waits for its turn", async () => {
  await api.apply(`
workflow:
  name: one-by-one
  version: 1.0.0
  timeout: 1h
  concurrency: { limit: 1 }
  steps: [{ id: nap, wait: { for: 1h } }]
`);
  const [first, second] = [await api.start("one-by-one", {}), await api.start("one-by-one", {})];
  await api.reaches(first, "waiting");
  await api.reaches(second, "queued");
  await compare(second);
  await api.post(`/workflows/${first}/cancel`, {});
  await api.reaches(second, "waiting");
  await compare(second);
});
