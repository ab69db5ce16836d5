/** Every page, light and dark, wide and on a phone: nothing serious for axe, no complaint in the console. */
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { components } from "../src/api/schema";
import { Api, CUSTOMER, eventful, ORDER, put } from "./harness/api";
import { launch, openTab, PHONE, WIDE, type Tab } from "./harness/browser";
import { Receiver } from "./harness/receiver";
import { TestServer } from "./harness/server";
import { until } from "./harness/until";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Where screenshots go; none are made without it. */
const SHOTS = process.env["SHOTS"];

/** What fails for good is kept. */
const GIVEN_UP = `
workflow:
  name: open-account
  version: 1.0.0
  timeout: 1h
  steps: [{ id: open, adapter: billing-system, retry: { max-attempts: 1, on-exhausted: dead-letter } }]
`;

type EventAccepted = components["schemas"]["EventAccepted"];

interface Found {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[];
}

const EVIL = '<img src=x onerror="document.title=1">';

let server: TestServer;
let receiver: Receiver;
let browser: Browser;
/** By name: the address, the text by which the page shows that it is there, and what is done first. */
const pages = new Map<string, readonly [path: string, sign: string, act?: (page: Page) => Promise<void>]>();

const press = (...names: readonly (string | RegExp)[]) => async (page: Page): Promise<void> => {
  for (const name of names) await page.getByRole("button", { name, exact: typeof name === "string" }).or(page.getByRole("menuitem", { name })).first().click();
};
const type = (...keys: readonly string[]) => async (page: Page): Promise<void> => {
  await page.getByRole("main").waitFor();
  for (const key of keys) await page.keyboard.press(key);
};

/** Events, what they led to, a schedule that is held, and deliveries of which some were given up. */
async function putEvents(api: Api): Promise<{ readonly order: EventAccepted; readonly refused: EventAccepted }> {
  await api.apply(eventful(receiver.url));
  const emit = (type: string, data: unknown, more = ""): Promise<EventAccepted> => api.post(`/events?type=${encodeURIComponent(type)}&source=/shop${more}`, data);
  await emit("customer.created", { name: "Grace" }, "&subject=Grace");
  receiver.status = 410;
  await emit("customer.created", { name: "Ada" }, "&subject=Ada");
  const refused = await emit("customer.created", { note: "has no name" });
  await emit("sensor.read", { celsius: 21.5 });
  await emit(EVIL, { note: EVIL }, `&subject=${encodeURIComponent(EVIL)}`);
  const order = await emit("order.placed", { amount: 12_000, region: "EU", many: true }, "&subject=Ada");
  await api.post("/schedules/nightly-report.night/trigger", { reason: "to see one" });
  await until("a delivery is given up", async () => (await api.get<{ items: unknown[] }>("/callbacks/crm/deliveries?status=failed")).items.length > 0);
  return { order, refused };
}

beforeAll(async () => {
  [server, receiver] = await Promise.all([TestServer.dev(), Receiver.start()]);
  const api = new Api(server);
  await put(api);
  const { order, refused } = await putEvents(api);
  await api.turn("chat", { mode: "failing", status: 400 });
  const again = await api.start("customer-onboarding", CUSTOMER);
  await api.reaches(again, "compensated");
  await api.turn("chat", { mode: "ok" });
  await api.post(`/workflows/${again}/retry`, { reason: "chat is back" });
  await api.reaches(again, "completed");
  const done = await api.start("order-fulfilment", ORDER);
  const undone = await api.start("order-fulfilment", { ...ORDER, max_shipping: 1 });
  const [invalid, many] = [await api.start("customer-onboarding", { name: "Nobody" }), await api.start("nightly-import", { rows: 200 })];
  await api.startMany("customer-onboarding", Array.from({ length: 12 }, () => CUSTOMER));
  await api.turn("billing", { mode: "failing", status: 422 });
  await api.apply(GIVEN_UP);
  await api.reaches(await api.start("open-account", CUSTOMER), "failed");
  await api.post("/operations", { action: "signal", ids: [many], name: "hurry", reason: "the report is due" });
  const asking = await api.start("customer-onboarding", CUSTOMER);
  await until("it asks", async () => (await api.instance(asking)).pending_decisions === 1);
  await api.turn("billing", { mode: "failing", status: 503 });
  const retrying = await api.start("customer-onboarding", CUSTOMER);
  await api.reaches(done, "completed");
  await api.reaches(undone, "compensated");
  await api.reaches(invalid, "failed");
  await api.reaches(many, "waiting");
  for (const [name, page] of Object.entries({
    overview: ["/", "Open now"],
    workflows: ["/workflows", "customer-onboarding"],
    "workflows-empty": ["/workflows?q=nothing-has-this", "Nothing matches"],
    "workflow-graph": [`/workflows/${done}`, "pack-heavy"],
    "workflow-undone": [`/workflows/${undone}?open=hold-lines`, "hold-lines"],
    "workflow-retrying": [`/workflows/${retrying}`, "create-account"],
    "workflow-decision": [`/workflows/${asking}?step=create-account`, "What happened"],
    "workflow-lanes": [`/workflows/${many}?step=import-row`, "200 lanes"],
    "workflow-retried": [`/workflows/${again}?tab=timeline`, "notify-team"],
    "workflow-child-open": [`/workflows/${done}?open=ship`, "book-steady"],
    "workflow-child": [`/workflows/${done}?step=ship`, "Child, as it stands now"],
    "workflow-timeline": [`/workflows/${done}?tab=timeline`, "ask-swift"],
    "workflow-history": [`/workflows/${done}?tab=history&at=9`, "instance-started"],
    "workflow-data": [`/workflows/${done}?tab=data`, "Output"],
    "workflow-missing": ["/workflows/01a20000-0000-7000-8000-000000000000", "There is no such workflow"],
    compare: [`/compare?left=${done}&right=${undone}`, "differ"],
    decisions: ["/decisions", "Attempts"],
    "decisions-answered": ["/decisions?show=answered", "Nobody has decided"],
    definitions: ["/definitions", "order-shipping"],
    definition: ["/definitions/order-fulfilment", "pack-heavy"],
    "definition-child-open": ["/definitions/order-fulfilment?open=ship", "book-steady"],
    "definition-source": ["/definitions/order-fulfilment?tab=source", "for-each"],
    "definition-versions": ["/definitions/nightly-import?tab=versions", "lines added"],
    "definition-start": ["/definitions/nightly-import?start=yes", "Rows"],
    adapters: ["/adapters?name=billing-system", "Called by"],
    "adapter-limits": ["/adapters?name=billing-system", "Calls at once", press("Limits")],
    "adapter-try": ["/adapters?name=billing-system", "It is really made", press("Try a call")],
    "dead-letters": ["/dead-letters", "open-account"],
    events: ["/events", "customer.created"],
    "events-empty": ["/events?type=nothing.*", "No event matches"],
    event: [`/events?id=${order.id}`, "the router orders, rule big"],
    "event-not-started": [`/events?id=${refused.id}`, "It waits as a dead letter"],
    "event-markup": ["/events?type=<*", "onerror"],
    "event-send": ["/events?send=yes", "with one it is taken once"],
    correlation: [`/correlations/${order.correlation_id}?view=graph`, "big-order"],
    "correlation-node": [`/correlations/${order.correlation_id}?view=graph&node=${order.id}`, "What it led to"],
    "correlation-order": [`/correlations/${order.correlation_id}?view=order&detail=attempts`, "attempt"],
    "correlation-unknown": ["/correlations/none", "Nothing is known of this correlation"],
    subject: ["/subjects/Ada", "order.placed"],
    "subject-empty": ["/subjects/nobody", "Nothing happened for nobody"],
    routers: ["/routers", "event.amount"],
    "router-explain": [`/routers?name=orders&explain=yes&event=${order.id}`, "It goes to"],
    schedules: ["/schedules", "nightly-report.night"],
    schedule: ["/schedules?name=nightly-report.night", "Missed ticks"],
    "schedule-backfill": ["/schedules?name=nightly-report.night", "Every tick of this span", press("Make up for the past")],
    callbacks: ["/callbacks", "workflow.completed"],
    "callback-again": ["/callbacks?show=failed", "knows a repeat", press(/once more/)],
    operations: ["/operations", "the report is due"],
    system: ["/system", "Partitions"],
    "system-log-levels": ["/system", "It holds at once", press("Change")],
    "system-nodes": ["/system?tab=nodes", "This server is alone on its store"],
    "system-calls": ["/system?tab=tasks", "No call is out"],
    "system-figures": ["/system?tab=metrics", "orchestrator_commits_total"],
    "system-policies": ["/system?tab=policies", "critical"],
    audit: ["/audit", "catalog-changed"],
    missing: ["/no-such-page", "There is no such page"],
    retry: [`/workflows/${undone}`, "run again", press("Retry")],
    restore: [`/workflows/${done}?at=9`, "Done outside since then", press("Restore to here")],
    replay: [`/workflows/${done}?step=confirm`, "count as done", press("Replay from confirm")],
    migrate: [`/workflows/${many}`, "It fits", press("More for this run", /^Migrate/)],
    "migrate-many": ["/definitions/nightly-import?version=1.0.0", "that it was tried on", press(/^Migrate \d+ open/)],
    "more-menu": [`/workflows/${many}`, "Lay it beside another run", press("More for this run")],
    "cancel-many": ["/workflows?workflow=customer-onboarding", "How fast", async (page: Page) => {
      await page.getByRole("checkbox", { name: "Select all rows that are loaded" }).check();
      await press("Cancel them")(page);
    }],
    keys: ["/system", "fold the rail", type("?")],
    finder: ["/system", "order-fulfilment", async (page: Page) => {
      await type("Control+k")(page);
      await page.keyboard.type("order");
    }],
  })) pages.set(name, page as unknown as readonly [string, string]);
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
  await server.stop();
  await receiver.stop();
});

async function serious(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: (options: unknown) => Promise<{ violations: Found[] }> } };
    return (await axe.run({ resultTypes: ["violations"] })).violations;
  });
  return found.filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.slice(0, 3).map(({ target, failureSummary }) => `${id} ${target.join(" ")}: ${failureSummary ?? ""}`));
}

/** Nothing may come from elsewhere, and no script stands in the page. */
function isStrict(policy: string): boolean {
  const rules = new Map(policy.split(";").map((rule) => rule.trim().split(/ (.*)/s)).map(([name = "", of = ""]) => [name, of]));
  return rules.get("default-src") === "'none'" && rules.get("script-src") === "'self'" && rules.get("connect-src") === "'self'" && !policy.includes("unsafe");
}

async function visit({ page }: Tab, name: string, theme: string, width: number): Promise<string[]> {
  const [path, sign, act] = pages.get(name) ?? ["/", ""];
  const response = await page.goto(server.url + path);
  const policy = response?.headers()["content-security-policy"] ?? "";
  await act?.(page);
  await page.getByText(sign).filter({ visible: true }).first().waitFor();
  await page.getByRole("status", { name: "Loading" }).first().waitFor({ state: "detached" });
  if (SHOTS !== undefined) {
    mkdirSync(SHOTS, { recursive: true });
    await page.screenshot({ path: join(SHOTS, `${name}-${theme}-${String(width)}.png`), animations: "disabled" });
  }
  const found = await serious(page);
  if (!isStrict(policy)) found.push(`has no strict policy, but ${policy}`);
  const overflow = await page.evaluate(() => Math.max(0, ...["html", "main"].map((each) => document.querySelector(each)).map((element) => (element === null ? 0 : element.scrollWidth - element.clientWidth))));
  if (overflow > 0) found.push(`is ${String(overflow)} px too wide`);
  return found.map((complaint) => `${name}: ${complaint}`);
}

/** Many pages, each looked over by axe; on a busy machine that takes minutes. */
const LONG = 300_000;

describe.each([["light", WIDE], ["dark", WIDE], ["light", PHONE], ["dark", PHONE]] as const)("%s, %o", (theme, viewport) => {
  test("every page is usable by everybody", async () => {
    const tab = await openTab(browser, { colorScheme: theme, viewport });
    const found: string[] = [];
    for (const name of pages.keys()) found.push(...(await visit(tab, name, theme, viewport.width)));
    expect(found).toEqual([]);
    // The browser itself reports the answer 404 that one page is about.
    expect(tab.complaints.filter((complaint) => !complaint.includes("status of 404"))).toEqual([]);
    await tab.close();
  }, LONG);
});

const MOST_BYTES = 400 * 1024;

test("the first load is small, also of the page that draws most", async () => {
  for (const name of ["overview", "workflow-graph"]) {
    const { page, close } = await openTab(browser);
    const session = await page.context().newCDPSession(page);
    await session.send("Network.enable");
    const sizes: number[] = [];
    const own = new Set<string>();
    session.on("Network.responseReceived", ({ requestId, response }) => {
      if (!new URL(response.url).pathname.startsWith("/api/")) own.add(requestId);
    });
    session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
      if (own.has(requestId)) sizes.push(encodedDataLength);
    });
    const [path, sign] = pages.get(name) ?? ["/", ""];
    await page.goto(server.url + path);
    await page.getByText(sign).filter({ visible: true }).first().waitFor();
    await page.evaluate(() => document.fonts.ready);
    expect(sizes.length).toBeGreaterThan(3);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MOST_BYTES);
    await close();
  }
});
