/** What happens on the server is seen on the page, also after the server was away. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { components } from "../src/api/schema";
import { Api, CUSTOMER, put } from "./harness/api";
import { launch, openTab } from "./harness/browser";
import { TestServer } from "./harness/server";

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

test("a workflow that is submitted appears in an open list", async () => {
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/workflows`);
  await page.getByText("No workflow has run yet").or(page.getByRole("table", { name: "Workflows" })).waitFor();
  await page.getByRole("link", { name: "live" }).waitFor();
  const took: number[] = [];
  for (let count = 0; count < 5; count += 1) {
    const id = await api.start("sleeper", {});
    const began = performance.now();
    await page.locator(`a[href="/workflows/${id}"]`).waitFor();
    took.push(performance.now() - began);
  }
  // What a busy machine adds to some of them is not the page's.
  expect(Math.min(...took)).toBeLessThan(200);
  expect(complaints).toEqual([]);
  await close();
});

function rounded(box: { x: number; y: number; width: number; height: number } | null): number[] {
  return box === null ? [] : [box.x, box.y, box.width, box.height].map(Math.round);
}

test("the graph moves while it runs, and nothing has to be reloaded", async () => {
  await api.turn("billing", { mode: "failing", status: 503 });
  const id = await api.start("customer-onboarding", CUSTOMER);
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/workflows/${id}`);
  const step = page.locator('.react-flow__node[data-id="create-account"]');
  await step.getByText(/attempt \d+ of 10/).waitFor();
  await page.getByText(/Attempt \d+ of 10 of/).waitFor();
  const before = rounded(await step.boundingBox());
  await api.turn("billing", { mode: "ok" });
  await page.locator('.react-flow__node[data-id="notify-team"]').getByText("completed").waitFor();
  await page.getByRole("heading", { level: 1 }).locator("..").getByText("completed").waitFor();
  expect(rounded(await step.boundingBox())).toEqual(before);
  expect(complaints).toEqual([]);
  await close();
});

test("a server that was killed is missed, and nothing that happened meanwhile", async () => {
  const { page, close } = await openTab(browser);
  await page.goto(`${server.url}/workflows`);
  await page.getByRole("link", { name: "live" }).waitFor();
  const asleep = await api.start("sleeper", {});
  await page.locator(`a[href="/workflows/${asleep}"]`).waitFor();
  const { page: one, close: closeOne } = await openTab(browser);
  await one.goto(`${server.url}/workflows/${asleep}`);
  await one.locator('.react-flow__node[data-id="nap"]').getByText("waiting").waitFor();
  await server.kill();
  await page.getByText(/No connection to the server since/).waitFor();
  await one.getByText(/No connection to the server since/).waitFor();
  await server.start();
  const born = await api.start("sleeper", {});
  await api.post(`/workflows/${asleep}/cancel`, { reason: "while nobody looked" });
  await page.locator(`a[href="/workflows/${born}"]`).waitFor();
  await page.locator(`a[href="/workflows/${asleep}"]`).getByText("cancelled").waitFor();
  await page.getByText(/No connection to the server since/).waitFor({ state: "detached" });
  await one.locator('.react-flow__node[data-id="nap"]').getByText("cancelled").waitFor();
  await one.getByRole("tab", { name: "History" }).click();
  await one.getByText("cancel-requested").waitFor();
  const { seq } = await api.instance(asleep);
  await one.getByText(`${String(seq)} records`).waitFor();
  await close();
  await closeOne();
});

test("many rows scroll, and those at the end are read when they are reached", async () => {
  await api.startMany("sleeper", Array.from({ length: 700 }, (_, index) => ({ note: `n${String(index)}` })));
  const { items } = await api.get<Schemas["Page_InstanceSummary"]>("/workflows?workflow=sleeper&limit=1000");
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/workflows?workflow=sleeper`);
  const table = page.getByRole("table", { name: "Workflows" });
  await table.waitFor();
  const drawn = (): Promise<number> => page.locator("[role=row][data-index]").count();
  expect(await drawn()).toBeLessThan(80);
  const first = items.at(-1)?.id ?? "";
  const target = page.locator(`a[href="/workflows/${first}"]`);
  await page.waitForFunction((href) => {
    const scroller = document.querySelector('[role="table"]')?.parentElement;
    if (scroller !== null && scroller !== undefined) scroller.scrollTop = scroller.scrollHeight;
    return document.querySelector(`a[href="${href}"]`) !== null;
  }, `/workflows/${first}`, { polling: 100 });
  await target.waitFor();
  expect(await drawn()).toBeLessThan(80);
  expect(complaints).toEqual([]);
  await close();
});
