/** Everything that an operator does, with the keyboard alone where that is promised. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { components } from "../src/api/schema";
import { Api, CUSTOMER, ORDER, put } from "./harness/api";
import { launch, openTab } from "./harness/browser";
import { TestServer } from "./harness/server";
import { until } from "./harness/until";

type Schemas = components["schemas"];

let server: TestServer;
let api: Api;
let browser: Browser;

beforeAll(async () => {
  server = await TestServer.dev();
  api = new Api(server);
  await put(api);
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
  await server.stop();
});

async function askAPerson(): Promise<string> {
  await api.turn("billing", { mode: "failing", status: 422 });
  const id = await api.start("customer-onboarding", CUSTOMER);
  await until(`${id} asks`, async () => (await api.instance(id)).pending_decisions === 1);
  await api.turn("billing", { mode: "ok" });
  return id;
}

test("a decision is made with the keyboard alone", async () => {
  const [retried, refused] = [await askAPerson(), await askAPerson()];
  const { page, complaints, close } = await openTab(browser);
  await page.goto(server.url);
  await page.getByText("Needs a person").waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("d");
  await page.getByRole("heading", { level: 1, name: "Decisions" }).waitFor();
  await page.getByRole("group", { name: "Answer" }).waitFor();
  // The newest stands first: it is given up, the one before is tried again.
  await page.keyboard.press("f");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.type("not worth it");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await api.reaches(refused, "failed", "compensated");
  await page.locator(`a[href^="/workflows/${retried}"]`).waitFor();
  await page.keyboard.press("r");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Enter");
  await api.reaches(retried, "completed");
  await page.getByText("Nothing waits for a person").waitFor();
  const { items } = await api.get<Schemas["Page_Decision"]>("/decisions?status=answered");
  expect(items.flatMap(({ answers }) => answers).map(({ choice, comment, by }) => [choice, comment, by])).toContainEqual(["fail", "not worth it", "root"]);
  expect(complaints).toEqual([]);
  await close();
});

const REFUND = `
workflow:
  name: refund
  version: 1.0.0
  timeout: 24h
  input: { schema: { type: object } }
  steps:
    - id: pay-back
      adapter: local
      action: echo
      input: { amount: "\${ input.amount }", note: keep }
      man-mode:
        always: true
        prompt: "Refund \${ input.amount }?"
        form: { type: object, required: [amount], properties: { amount: { type: number, title: Amount } } }
`;

test("a step that is held back is approved, amended by a form, and rejected, each with a comment", async () => {
  await api.apply(REFUND);
  const asks = async (amount: number): Promise<string> => {
    const id = await api.start("refund", { amount });
    await until("it asks", async () => (await api.instance(id)).pending_decisions === 1);
    return id;
  };
  const { page, complaints, close } = await openTab(browser);
  const answer = async (id: string, name: string, fill?: () => Promise<void>): Promise<void> => {
    await page.goto(`${server.url}/workflows/${id}`);
    await page.getByText(/is held back/).waitFor();
    const { items } = await api.get<Schemas["Page_Decision"]>("/decisions?status=pending");
    await page.goto(`${server.url}/decisions?id=${items.find((decision) => decision.workflow_id === id)?.id ?? ""}`);
    await page.getByRole("group", { name: "Answer" }).getByRole("button", { name }).click();
    await fill?.();
    await page.getByRole("dialog").getByLabel(/Comment/).fill(`${name} by test`);
    await page.getByRole("dialog").getByRole("button", { name, exact: true }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
  };
  const [approved, amended, rejected] = [await asks(10), await asks(20), await asks(30)];
  await answer(approved, "Approve");
  await answer(amended, "Amend", () => page.getByRole("dialog").getByLabel(/Amount/).fill("15"));
  await answer(rejected, "Reject");
  await api.reaches(approved, "completed");
  await api.reaches(amended, "completed");
  await api.reaches(rejected, "failed");
  const given = (await api.instance(amended)).steps.find((step) => step.id === "pay-back")?.input;
  expect(given).toEqual({ amount: 15, note: "keep" });
  const { items } = await api.get<Schemas["Page_Decision"]>("/decisions?status=answered");
  const comments = items.flatMap(({ answers }) => answers).map(({ comment }) => comment);
  expect(comments).toEqual(expect.arrayContaining(["Approve by test", "Amend by test", "Reject by test"]));
  expect(complaints).toEqual([]);
  await close();
});

test("alike decisions are answered together from the overview", async () => {
  const ids = [await askAPerson(), await askAPerson(), await askAPerson()];
  const { page, complaints, close } = await openTab(browser);
  await page.goto(server.url);
  await page.getByRole("button", { name: "Skip 3" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Skip 3" }).click();
  await page.getByText("Finished: 3 of 3 taken").waitFor();
  await page.getByRole("button", { name: "Done" }).click();
  for (const id of ids) await api.reaches(id, "completed");
  await page.getByText("Needs a person").waitFor({ state: "detached" });
  expect(complaints).toEqual([]);
  await close();
});

test("what failed alike is retried together from the overview", async () => {
  await api.turn("chat", { mode: "failing", status: 400 });
  const ids = await Promise.all(Array.from({ length: 3 }, () => api.start("customer-onboarding", CUSTOMER)));
  for (const id of ids) await api.reaches(id, "compensated");
  await api.turn("chat", { mode: "ok" });
  const { page, complaints, close } = await openTab(browser);
  await page.goto(server.url);
  const group = page.getByRole("listitem").filter({ hasText: "customer-onboarding" }).filter({ hasText: "at notify-team" });
  await group.getByRole("button", { name: "Retry 3" }).click();
  await page.getByRole("dialog").getByLabel(/Reason/).fill("chat is back");
  await page.getByRole("dialog").getByRole("button", { name: "Retry 3" }).click();
  await page.getByText("Finished: 3 of 3 taken").waitFor();
  await page.getByRole("button", { name: "Done" }).click();
  for (const id of ids) await api.reaches(id, "completed");
  await group.waitFor({ state: "detached" });
  expect(complaints).toEqual([]);
  await close();
});

const GIVEN_UP = `
workflow:
  name: open-account
  version: 1.0.0
  timeout: 1h
  steps: [{ id: open, adapter: billing-system, retry: { max-attempts: 1, on-exhausted: dead-letter } }]
`;

test("dead letters are counted beside every page, and called anew together", async () => {
  await api.apply(GIVEN_UP);
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/system`);
  await page.getByRole("link", { name: "live" }).waitFor();
  await api.turn("billing", { mode: "failing", status: 422 });
  for (const id of [await api.start("open-account", CUSTOMER), await api.start("open-account", CUSTOMER)]) await api.reaches(id, "failed");
  await api.turn("billing", { mode: "ok" });
  await page.getByRole("link", { name: /Dead letters\s*2 were given up/ }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await page.getByRole("button", { name: "Call 2 anew" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Call anew 2" }).click();
  await page.getByText("Finished: 2 of 2 taken").waitFor();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByText("were given up").first().waitFor({ state: "detached" });
  expect((await api.get<Schemas["Page_DeadLetter"]>("/dead-letters?status=pending")).items).toEqual([]);
  expect(complaints).toEqual([]);
  await close();
});

test("time travel moves graph, data and history, and is in the address", async () => {
  const id = await api.start("order-fulfilment", ORDER);
  await api.reaches(id, "completed");
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/workflows/${id}?at=5`);
  const confirm = page.locator('.react-flow__node[data-id="confirm"]');
  await page.getByText("This is how it was after record 5").waitFor();
  await confirm.getByText("order-mail").waitFor();
  await page.keyboard.press("ArrowRight");
  await page.waitForURL(/at=6/);
  await page.keyboard.press("3");
  await page.locator('[aria-current="true"]').getByText("6", { exact: true }).waitFor();
  await page.getByRole("slider", { name: "Position in the history" }).focus();
  await page.keyboard.press("End");
  await page.waitForURL((url) => !url.searchParams.has("at"));
  await page.keyboard.press("Escape");
  await page.getByRole("tab", { name: "Graph" }).click();
  await confirm.getByText("completed").waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test("a child opens in place of the step that started it, and a step of it leads to its page", async () => {
  const id = await api.start("order-fulfilment", ORDER);
  await api.reaches(id, "completed");
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/workflows/${id}`);
  const button = page.getByRole("button", { name: "Open the workflow of ship" });
  await button.scrollIntoViewIfNeeded();
  const edge = async (): Promise<number> => Math.round((await page.locator('.react-flow__node[data-id="ship"]').boundingBox())?.x ?? 0);
  const before = await edge();
  await button.click();
  await page.waitForURL(/open=ship/);
  await page.locator('.react-flow__node[data-id="ship/announce"]').getByText("completed").waitFor();
  // What was opened stays where it was.
  expect(await edge()).toBe(before);
  await page.locator('.react-flow__node[data-id="ship/announce"]').click();
  await page.waitForURL((url) => url.searchParams.get("step") === "announce" && !url.pathname.endsWith(id));
  await page.getByRole("heading", { level: 1 }).getByText("order-shipping").waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test("five hundred are cancelled, and one that had ended is named", async () => {
  const ids = await api.startMany("sleeper", Array.from({ length: 500 }, () => ({ note: "bulk" })));
  const { page, close } = await openTab(browser);
  await page.goto(`${server.url}/workflows?subject=bulk`);
  await page.getByText("500", { exact: true }).waitFor();
  await page.getByRole("checkbox", { name: "Select all rows that are loaded" }).check();
  await page.getByRole("button", { name: "Select all 500 that match" }).click();
  await page.getByText("All 500 selected").waitFor();
  const gone = ids[7] ?? "";
  await api.post(`/workflows/${gone}/cancel`, {});
  await api.reaches(gone, "cancelled");
  await page.getByRole("button", { name: "Cancel them" }).click();
  await page.getByRole("dialog").getByLabel(/Reason/).fill("end of test");
  await page.getByRole("dialog").getByRole("button", { name: "Cancel 500" }).click();
  await page.getByText(/Finished: 499 of 500 taken/).waitFor();
  await page.getByRole("dialog").getByTitle(gone).waitFor();
  await page.getByRole("button", { name: "Done" }).click();
  await until("all are cancelled", async () => (await api.get<Schemas["Counts"]>("/workflows/count?subject=bulk&status=active")).total === 0);
  await close();
});

test("a workflow is started by the form of its schema, and cancelled", async () => {
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/definitions/nightly-import?start=yes`);
  await page.getByRole("dialog").getByRole("button", { name: "Start" }).click();
  await page.getByText("expected a value").waitFor();
  await page.getByLabel(/Rows/).fill("5000");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/workflows\/[0-9a-f-]{36}/);
  await page.locator('.react-flow__node[data-id="rows"]').getByText("5,000 of 5,000").waitFor();
  await page.locator('.react-flow__node[data-id="settle"]').getByText("waiting").waitFor();
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel it" }).click();
  await page.getByRole("heading", { level: 1 }).locator("..").getByText("cancelled").waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test("markup in names, inputs and errors is shown as text", async () => {
  const evil = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
  const id = await api.start("sleeper", { note: evil });
  const { page, complaints, close } = await openTab(browser);
  for (const path of [`/workflows/${id}?tab=data`, `/workflows/${id}?tab=history&at=1`, "/workflows?workflow=sleeper"]) {
    await page.goto(server.url + path);
    await page.getByText("onerror").first().waitFor();
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    expect(await page.title()).toContain("Orchestrator");
  }
  expect(complaints).toEqual([]);
  await close();
});

const EVIL = '<img src=x onerror="document.title=1"><script>document.title=2</script>';

test("so it is in errors, questions, reasons, comments, subjects and attributes, wherever they are shown", async () => {
  await api.apply(`
workflow:
  name: evil
  version: 1.0.0
  timeout: 24h
  input: { schema: { type: object } }
  subject: "\${ input.note }"
  attributes: { mark: "\${ input.note }" }
  steps:
    - { id: ask, decision: { prompt: "\${ input.note }" } }
    - { id: break, fail: { type: evil.error, message: "\${ input.note }" } }
`);
  const ask = async (): Promise<[string, string]> => {
    const id = await api.start("evil", { note: EVIL });
    await until("it asks", async () => (await api.instance(id)).pending_decisions === 1);
    const { items } = await api.get<Schemas["Page_Decision"]>("/decisions?status=pending");
    return [id, items.find((decision) => decision.workflow_id === id)?.id ?? ""];
  };
  const [[failed, first], [asking, second]] = [await ask(), await ask()];
  await api.post(`/decisions/${first}/approve`, { comment: EVIL });
  await api.reaches(failed, "failed");
  await api.post(`/workflows/${asking}/pause`, { reason: EVIL });
  await api.post("/operations", { action: "resume", ids: [asking], reason: EVIL });
  const { page, complaints, close } = await openTab(browser);
  const paths = ["/", "/workflows?workflow=evil", `/workflows/${failed}`, `/workflows/${failed}?tab=history`, `/workflows/${failed}?step=break`, `/workflows/${asking}`, `/decisions?id=${second}`, "/decisions?show=answered", "/operations", "/audit", `/compare?left=${failed}&right=${asking}`];
  for (const path of paths) {
    await page.goto(server.url + path);
    await page.getByText("onerror").filter({ visible: true }).first().waitFor();
    expect([path, await page.locator('img[src="x"]').count(), await page.title()]).toEqual([path, 0, expect.stringContaining("Orchestrator")]);
  }
  expect(complaints).toEqual([]);
  await close();
});

test("anything is found by Ctrl-K", async () => {
  const id = await api.start("sleeper", { note: "find me" });
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/system`);
  await page.getByText("Partitions").waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type(id);
  await page.getByRole("option", { name: `sleeper ${id.slice(-6)}` }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(`${server.url}/workflows/${id}`);
  const made = await api.post<Schemas["Operation"]>("/operations", { action: "pause", ids: [id], reason: "find this one" });
  for (const [words, group, path] of [["billing-sys", "Adapter", "/adapters"], ["nightly-imp", "Definition", "/definitions/nightly-import"], ["find this", "Operation", `/operations?id=${made.id}`]] as const) {
    await page.keyboard.press("Control+k");
    await page.keyboard.type(words);
    await page.getByRole("option").filter({ hasText: group }).filter({ hasText: words }).first().click();
    await page.waitForURL((url) => `${url.pathname}${url.search}`.startsWith(path));
  }
  expect(complaints).toEqual([]);
  await close();
});
