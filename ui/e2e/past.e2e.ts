/** Acts on the past, each with what it would come to shown before it is done. */
import type { Browser, Page } from "playwright-core";
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

const node = (page: Page, step: string) => page.locator(`.react-flow__node[data-id="${step}"]`);
const status = (page: Page, word: string) => page.getByRole("heading", { level: 1 }).locator("..").getByText(word, { exact: true });

test("a run that was rolled back is retried from the step that failed, with the keyboard alone", async () => {
  await api.turn("chat", { mode: "failing", status: 400 });
  const id = await api.start("customer-onboarding", CUSTOMER);
  await api.reaches(id, "compensated");
  await api.turn("chat", { mode: "ok" });
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/workflows/${id}`);
  await status(page, "compensated").waitFor();
  await node(page, "notify-team").getByText("failed").waitFor();
  await page.keyboard.press("r");
  const dialog = page.getByRole("dialog", { name: "Retry from the failed step" });
  await dialog.getByText("notify-team").waitFor();
  await dialog.getByText("it was undone").first().waitFor();
  await page.keyboard.type("chat is back");
  await page.keyboard.press("Enter");
  await status(page, "completed").waitFor();
  await node(page, "notify-team").getByText("completed").waitFor();
  expect(await page.locator(".react-flow__edge[data-id^=undo]").count()).toBe(0);
  await page.getByRole("tab", { name: "History" }).click();
  await page.getByText("goes on from the steps that failed: chat is back").waitFor();
  // Before it was taken up again the run looks as it did then.
  await page.getByRole("tab", { name: "Graph" }).click();
  const { items } = await api.get<Schemas["Page_HistoryRecord"]>(`/workflows/${id}/history?type=instance-retried&limit=5`);
  await page.goto(`${server.url}/workflows/${id}?at=${String((items[0]?.seq ?? 1) - 1)}`);
  await status(page, "compensated").waitFor();
  await node(page, "notify-team").getByText("failed").waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test("a run is restored to where the slider stands, and what was done since is undone first", async () => {
  const id = await api.start("order-fulfilment", ORDER);
  await api.reaches(id, "completed");
  const { items } = await api.get<Schemas["Page_HistoryRecord"]>(`/workflows/${id}/history?type=step-started&limit=1`);
  const seq = items[0]?.seq ?? 0;
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/workflows/${id}?at=${String(seq)}`);
  await page.getByRole("button", { name: "Restore to here" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(/Done outside since then/).waitFor();
  await dialog.getByText("stays as it is").first().waitFor();
  await dialog.getByLabel(/Undo first what was done since/).check();
  await dialog.getByText("is undone first").first().waitFor();
  await dialog.getByRole("button", { name: "Undo and restore" }).click();
  await page.waitForURL((url) => !url.searchParams.has("at"));
  await until("it went back and through again", async () => {
    const restored = await api.get<Schemas["Page_HistoryRecord"]>(`/workflows/${id}/history?type=instance-restored&limit=5`);
    return restored.items.length === 1 && (await api.instance(id)).status === "completed";
  });
  await status(page, "completed").waitFor();
  await page.getByRole("tab", { name: "History" }).click();
  await page.getByLabel("Search the history").fill("instance-restored");
  // Records that one thing set in motion belong together: it is at least the one that was chosen.
  await page.getByText(/^goes on from how it was after record \d+/).waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test("a step is replayed as a new run, in which those before it count as done", async () => {
  const id = await api.start("customer-onboarding", CUSTOMER);
  await api.reaches(id, "completed");
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/workflows/${id}?step=notify-team`);
  await page.getByRole("button", { name: "Replay from notify-team" }).click();
  const dialog = page.getByRole("dialog", { name: "Replay it as a new run" });
  await dialog.getByText(/steps count as done/).waitFor();
  await dialog.getByLabel("What runs").selectOption("");
  await dialog.getByText("Every call is made anew.").waitFor();
  await dialog.getByLabel("What runs").selectOption("notify-team");
  await dialog.getByText(/steps count as done/).waitFor();
  await dialog.getByRole("button", { name: "Start it" }).click();
  await page.waitForURL((url) => url.pathname.startsWith("/workflows/") && !url.pathname.endsWith(id));
  await status(page, "completed").waitFor();
  await node(page, "create-account").getByText("done in another run").waitFor();
  expect(complaints).toEqual([]);
  await close();
});

const RENAMED = `
workflow:
  name: sleeper
  version: 2.0.0
  timeout: 24h
  steps: [{ id: rest, wait: { for: 1h } }]
`;

test("an open run is migrated where it fits, and told why where it does not", async () => {
  await api.apply(RENAMED);
  const { id } = await api.post<Schemas["Submitted"]>("/workflows", { workflow: "sleeper", version: "1.0.0", input: {} });
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/workflows/${id}`);
  await node(page, "nap").getByText("waiting").waitFor();
  await page.getByRole("button", { name: "More for this run" }).click();
  await page.getByRole("menuitem", { name: /Migrate/ }).click();
  const dialog = page.getByRole("dialog", { name: "Migrate to another version" });
  await dialog.getByLabel("Version").selectOption("2.0.0");
  await dialog.getByText("there is no such step").waitFor();
  expect(await dialog.getByRole("button", { name: "Go on with 2.0.0" }).isDisabled()).toBe(true);
  await dialog.getByLabel("Version").selectOption("1.1.0");
  await dialog.getByText(/^It fits/).waitFor();
  await dialog.getByRole("button", { name: "Go on with 1.1.0" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("heading", { level: 1 }).getByText("1.1.0").waitFor();
  await node(page, "nap").getByText("waiting").waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test("all that run on an older version are migrated from the definition's page", async () => {
  const napping = await Promise.all(Array.from({ length: 5 }, () => api.post<Schemas["Submitted"]>("/workflows", { workflow: "sleeper", version: "1.0.0", input: {} })));
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/definitions/sleeper?version=1.1.0`);
  await page.getByRole("button", { name: /^Migrate \d+ open to 1.1.0$/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Those on version").selectOption("1.0.0");
  await dialog.getByText(/It fits all of the first 5/).waitFor();
  await dialog.getByRole("button", { name: "Migrate 5" }).click();
  await dialog.getByText("Finished: 5 of 5 taken").waitFor();
  await dialog.getByRole("button", { name: "Done" }).click();
  for (const { id } of napping) expect((await api.instance(id)).version).toBe("1.1.0");
  expect(complaints).toEqual([]);
  await close();
});
