/** What an operator asks of the server itself, and of the adapters. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { components } from "../src/api/schema";
import { Api } from "./harness/api";
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
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
  await server.stop();
});

/** What was done, once it stands in the audit so often. */
async function audited(kind: string, count: number): Promise<Schemas["AuditEntry"][]> {
  let items: Schemas["AuditEntry"][] = [];
  await until(`${kind} stands in the audit`, async () => {
    ({ items } = await api.get<Schemas["Page_AuditEntry"]>(`/audit?kind=${kind}`));
    return items.length >= count;
  });
  return items;
}

test("what is logged is changed on the page, with a reason, and set back", async () => {
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/system`);
  const panel = page.getByRole("heading", { name: "Log levels" }).locator("../..");
  await panel.getByRole("button", { name: "Change" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/^Levels/).selectOption("as written below");
  await dialog.getByLabel("A level, or levels by part").fill("inof");
  await dialog.getByLabel(/^Reason/).fill("calls hang");
  await dialog.getByRole("button", { name: "Change it" }).click();
  await dialog.getByText("PART=LEVEL").first().waitFor();
  await dialog.getByLabel("A level, or levels by part").fill("info,runtime::dispatch=debug");
  await dialog.getByRole("button", { name: "Change it" }).click();
  await panel.getByText("info,runtime::dispatch=debug").waitFor();
  await panel.getByRole("button", { name: "Change" }).click();
  await dialog.getByLabel(/^Levels/).selectOption("what the node was started with");
  await dialog.getByLabel(/^Reason/).fill("found it");
  await dialog.getByRole("button", { name: "Change it" }).click();
  await panel.getByText("info,runtime::dispatch=debug").waitFor({ state: "detached" });
  const items = await audited("log-levels-set", 2);
  expect(items.map(({ reason }) => reason)).toEqual(["as they began: found it", "info,runtime::dispatch=debug: calls hang"]);
  // The browser itself reports the answer 400 to the misspelt level.
  expect(complaints.filter((complaint) => !complaint.includes("status of 400"))).toEqual([]);
  await close();
});

test("the page says how much room the store takes", async () => {
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/system`);
  const panel = page.getByRole("heading", { name: "The store" }).locator("../..");
  await panel.getByText("All of it").waitFor();
  const { store } = await api.get<Schemas["System"]>("/system");
  expect(store?.journal_bytes).toBeGreaterThan(0);
  expect(await panel.getByRole("definition").allTextContents()).toContainEqual(expect.stringMatching(/^[\d.]+ (KiB|MiB)$/));
  expect(complaints).toEqual([]);
  await close();
});

test("a call is tried from the adapter's page, and what came back is shown", async () => {
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/adapters?name=billing-system`);
  await page.getByRole("button", { name: "Try a call" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Input").fill("{");
  await dialog.getByText("expected JSON").waitFor();
  await dialog.getByLabel("Input").fill('{"name": "Ada", "email": "ada@example.com"}');
  await dialog.getByLabel(/^Reason/).fill("is it there?");
  await dialog.getByRole("button", { name: "Call it" }).click();
  const outcome = dialog.getByRole("region", { name: "What came of it" });
  await outcome.getByText("completed").waitFor();
  await outcome.getByRole("heading", { name: "Request and response" }).waitFor();
  // It fails once, and is not tried again.
  await api.turn("billing", { mode: "failing", status: 503 });
  await dialog.getByRole("button", { name: "Call it again" }).click();
  await outcome.getByText("failed").waitFor();
  await outcome.getByText("http.503").first().waitFor();
  await api.turn("billing", { mode: "ok" });
  expect(await audited("adapter-called", 2)).toHaveLength(2);
  const letters = await api.get<{ items: unknown[] }>("/dead-letters");
  expect(letters.items).toEqual([]);
  expect(complaints).toEqual([]);
  await close();
});
