/**
 * What the pages cost while much goes on, by the browser's own measure. It prints figures and fails at none: they mean
 * something on a machine that is idle otherwise.
 */
import type { Browser, CDPSession, Page } from "playwright-core";
import { afterAll, beforeAll, test } from "vitest";
import { Api, put } from "./harness/api";
import { launch, openTab } from "./harness/browser";
import { TestServer } from "./harness/server";

const ACTIVE = Number(process.env["ACTIVE"] ?? 10_000);
/** Starts a second; each makes six records. */
const RATE = Number(process.env["RATE"] ?? 350);
const SECONDS = 15;

const BLINK = `
workflow:
  name: blink
  version: 1.0.0
  timeout: 1h
  steps:
    - { id: one, adapter: local, action: echo, input: {} }
    - { id: two, adapter: local, action: echo, input: {} }
`;

let server: TestServer;
let api: Api;
let browser: Browser;

beforeAll(async () => {
  server = await TestServer.dev();
  api = new Api(server);
  await put(api);
  await api.apply(BLINK);
  for (let made = 0; made < ACTIVE; made += 5_000) await api.startMany("sleeper", Array.from({ length: Math.min(5_000, ACTIVE - made) }, () => ({})));
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
  await server.stop();
});

function say(what: string): void {
  process.stdout.write(`${what}\n`);
}

async function taskSeconds(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0;
}

/** Starts so many a second, in a few batches a second. */
async function load(seconds: number): Promise<void> {
  const every = 100;
  const batch = Array.from({ length: Math.round((RATE * every) / 1_000) }, () => ({}));
  const end = performance.now() + seconds * 1_000;
  const pending: Promise<unknown>[] = [];
  while (performance.now() < end) {
    pending.push(api.startMany("blink", batch));
    await new Promise((next) => setTimeout(next, every));
  }
  await Promise.all(pending);
}

async function records(): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(/^orchestrator_records_total (\S+)/m.exec(text)?.[1] ?? [...text.matchAll(/^orchestrator_records_total\{[^}]*\} (\S+)/gm)].reduce((sum, match) => sum + Number(match[1]), 0));
}

async function cost(page: Page, name: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const [tasks, made] = [await taskSeconds(session), await records()];
  const began = performance.now();
  const loaded = load(SECONDS);
  const keys: number[] = [];
  for (let count = 0; count < 10; count += 1) {
    const at = performance.now();
    await page.evaluate(() => new Promise(requestAnimationFrame));
    keys.push(performance.now() - at);
    await new Promise((next) => setTimeout(next, 1_000));
  }
  await loaded;
  const seconds = (performance.now() - began) / 1_000;
  const share = (100 * ((await taskSeconds(session)) - tasks)) / seconds;
  say(`${name}: ${share.toFixed(0)} % of one core at ${(((await records()) - made) / seconds).toFixed(0)} records/s and ${String(ACTIVE)} active; the slowest frame of ten ${Math.max(...keys).toFixed(0)} ms`);
}

test("the overview and the list, while much goes on", async () => {
  for (const [name, path] of [["overview", "/"], ["workflows", "/workflows"]] as const) {
    const { page, close } = await openTab(browser);
    await page.goto(server.url + path);
    await page.getByRole("link", { name: "live" }).waitFor();
    await cost(page, name);
    await close();
  }
});

test("from the commit to the pixel", async () => {
  const { page, close } = await openTab(browser);
  await page.goto(`${server.url}/workflows?workflow=sleeper`);
  await page.getByRole("link", { name: "live" }).waitFor();
  await page.locator('a[href^="/workflows/"]').first().waitFor();
  const took: number[] = [];
  for (let count = 0; count < 10; count += 1) {
    const id = await api.start("sleeper", {});
    const began = performance.now();
    await page.locator(`a[href="/workflows/${id}"]`).waitFor();
    took.push(performance.now() - began);
    await new Promise((next) => setTimeout(next, 700));
  }
  say(`a new workflow is in the list after ${took.map((ms) => ms.toFixed(0)).join(", ")} ms`);
  await close();
});

test("a first load, and a loop of five thousand lanes", async () => {
  const { page, close } = await openTab(browser);
  await page.goto(server.url);
  await page.getByText("Open now").waitFor();
  const ready = await page.evaluate(() => performance.getEntriesByType("navigation").map((entry) => (entry as PerformanceNavigationTiming).domContentLoadedEventEnd)[0] ?? 0);
  say(`the first page runs ${ready.toFixed(0)} ms after it was asked for`);
  const id = await api.start("nightly-import", { rows: 5_000 });
  await api.reaches(id, "waiting");
  const began = performance.now();
  await page.goto(`${server.url}/workflows/${id}?open=rows&step=import-row`);
  await page.getByText("5,000 lanes").waitFor();
  say(`a loop of 5,000 lanes, and their list, is drawn ${(performance.now() - began).toFixed(0)} ms after its page was asked for`);
  await close();
});

test("a slider over a long history", async () => {
  const id = await api.start("nightly-import", { rows: 33_000 });
  await api.reaches(id, "waiting");
  const { page, close } = await openTab(browser);
  const began = performance.now();
  await page.goto(`${server.url}/workflows/${id}`);
  await page.locator('.react-flow__node[data-id="settle"]').getByText("waiting").waitFor();
  const { seq } = await api.instance(id);
  say(`a history of ${String(seq)} records is read in ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  const took = await page.evaluate(async () => {
    const slider = document.querySelector<HTMLInputElement>('input[type="range"]');
    const times: number[] = [];
    for (const part of [0.1, 0.9, 0.5, 0.3, 0.7]) {
      const at = performance.now();
      // React looks at what the browser's own setter was told.
      const property = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
      if (slider !== null) property?.set?.call(slider, String(Math.round(Number(slider.max) * part)));
      slider?.dispatchEvent(new Event("input", { bubbles: true }));
      await new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
      times.push(performance.now() - at);
    }
    return times;
  });
  say(`the slider answers in ${took.map((ms) => ms.toFixed(0)).join(", ")} ms`);
  await close();
});
