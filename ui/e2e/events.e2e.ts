/** Events, what they set in motion, routers, schedules and callbacks: seen, and acted on. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { components } from "../src/api/schema";
import { Api, eventful, put } from "./harness/api";
import { launch, openTab } from "./harness/browser";
import { Receiver } from "./harness/receiver";
import { TestServer } from "./harness/server";
import { until } from "./harness/until";

type Schemas = components["schemas"];

let server: TestServer;
let api: Api;
let browser: Browser;
let receiver: Receiver;

beforeAll(async () => {
  [server, receiver] = await Promise.all([TestServer.dev(), Receiver.start()]);
  api = new Api(server);
  await api.apply(eventful(receiver.url));
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
  await server.stop();
  await receiver.stop();
});

const emit = (type: string, data: unknown, more = ""): Promise<Schemas["EventAccepted"]> => api.post(`/events?type=${type}${more}`, data);

test("an event is sent by the form, is seen at once, and leads to what it set in motion", async () => {
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/events`);
  await page.getByText("Nothing has happened yet").waitFor();
  await page.getByRole("button", { name: "Send an event" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Send", exact: true }).click();
  await dialog.getByText("expected a type").waitFor();
  await dialog.getByLabel(/^Type/).fill("customer.created");
  await dialog.getByLabel(/^Source/).fill("/crm");
  await dialog.getByLabel(/^Subject/).fill("ada");
  await dialog.getByLabel(/^Id/).fill("4711");
  await dialog.getByLabel(/^Data/).fill('{"name": "ada"}');
  await dialog.getByRole("button", { name: "Send", exact: true }).click();
  await page.waitForURL(/[?&]id=[0-9a-f-]{36}/);
  const panel = page.getByRole("complementary", { name: "Event" });
  await panel.getByRole("link", { name: /^greet/ }).waitFor();
  await page.getByRole("table", { name: "Events" }).getByRole("row").filter({ hasText: "customer.created" }).getByRole("cell", { name: "greet" }).waitFor();
  // The same once more does nothing, and the page says so.
  await page.goto(`${page.url()}&send=again`);
  await dialog.getByLabel(/^Id/).fill("4711");
  await dialog.getByRole("button", { name: "Send", exact: true }).click();
  await dialog.getByText("was taken before: nothing was started").waitFor();
  await dialog.getByRole("button", { name: "Look at it" }).click();
  await panel.getByRole("link", { name: "What it set in motion" }).click();
  await page.locator(".react-flow__node").getByText("say", { exact: true }).waitFor();
  await page.locator(".react-flow__node").getByText("customer.created").waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test("an open list of events shows what comes in, by its filters", async () => {
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/events?type=sensor.*&unrouted=yes`);
  await page.getByText("No event matches").waitFor();
  await emit("sensor.read", { celsius: 21 }, "&subject=roof");
  await emit("customer.created", { name: "not here" });
  await page.getByRole("link", { name: "sensor.read" }).waitFor();
  expect(await page.getByRole("table", { name: "Events" }).getByText("customer.created").count()).toBe(0);
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.getByText("No trigger and no router took it further").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("complementary", { name: "Event" }).waitFor({ state: "detached" });
  expect(complaints).toEqual([]);
  await close();
});

test("an event that could start nothing leads to its dead letter", async () => {
  const { id } = await emit("customer.created", { nobody: true });
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/events?id=${id}`);
  await page.getByRole("link", { name: "It waits as a dead letter" }).click();
  await page.getByText("greet was not started").waitFor();
  await page.getByRole("region", { name: "The dead letter" }).locator(`a[href="/events?id=${id}"]`).click();
  await page.getByRole("complementary", { name: "Event" }).getByRole("heading", { name: "customer.created" }).waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test("an event that nothing takes further is on the open page within a moment", async () => {
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/events?type=tick.*`);
  await page.getByText("No event matches these filters").waitFor();
  await page.getByRole("link", { name: "live" }).waitFor();
  const took: number[] = [];
  for (let count = 0; count < 5; count += 1) {
    // The page reads again at most every half second.
    await page.waitForTimeout(700);
    await emit(`tick.n${String(count)}`, {});
    const began = performance.now();
    await page.getByRole("table", { name: "Events" }).getByRole("row").filter({ hasText: `tick.n${String(count)}` }).waitFor();
    took.push(performance.now() - began);
  }
  // What a busy machine adds to some of them is not the page's.
  expect(Math.min(...took)).toBeLessThan(200);
  expect(complaints).toEqual([]);
  await close();
});

test("a router explains which rule takes an event, and why the others do not", async () => {
  const { id, correlation_id: correlation } = await emit("order.placed", { amount: 20_000, region: "EU" }, "&subject=ada");
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/routers?name=orders`);
  const rule = page.getByRole("region", { name: "Rules" }).getByRole("row").filter({ hasText: "big-order" }).filter({ hasText: "event.amount" });
  const counts = async (): Promise<string[]> => (await rule.getByRole("cell").allTextContents()).slice(-3);
  await until("the rule took it", async () => (await counts()).join() === "1,1,0");
  // What comes in is counted on the open page.
  await emit("order.placed", { amount: 20_001, region: "EU" });
  await until("it took another", async () => (await counts()).join() === "2,2,0");
  await page.getByLabel("Time range").selectOption("1h");
  await page.waitForURL(/range=1h/);
  await page.getByText("It saw 2 events; a rule took each.").waitFor();
  await page.getByRole("tab", { name: "Explain" }).click();
  await page.getByLabel(/^Event/).fill('{"amount": 20000, "region": "US"}');
  await page.getByRole("button", { name: "Explain", exact: true }).click();
  await page.getByText(/It goes to/).getByText("small-order").waitFor();
  await page.locator("mark").getByText("event.region == 'EU'").waitFor();
  await page.getByLabel(/^Event/).fill('{"specversion": "1.0", "type": "other", "source": "/x", "id": "1", "data": {}}');
  await page.getByLabel("Type", { exact: true }).fill("");
  await page.getByRole("button", { name: "Explain", exact: true }).click();
  await page.getByText("It is not offered this event").waitFor();
  // Of one that was taken: from the event to the rule that took it.
  await page.goto(`${server.url}/events?id=${id}`);
  await page.getByRole("link", { name: "why" }).click();
  await page.getByText(/It goes to/).getByText("big-order").waitFor();
  // What came of it is one graph, with the child that a step started.
  await page.goto(`${server.url}/correlations/${correlation}`);
  await page.locator(".react-flow__node").getByText("small-order").waitFor();
  await page.locator(".react-flow__node").getByText("pack", { exact: true }).click();
  await page.getByRole("button", { name: /^What led to it/ }).click();
  await page.waitForURL(/line=ancestors/);
  await page.locator(".react-flow__node").getByText("check", { exact: true }).waitFor({ state: "detached" });
  await page.locator(".react-flow__node").getByText("order.placed").waitFor();
  await page.getByRole("button", { name: "Show all" }).click();
  await page.getByRole("tab", { name: "Attempts" }).click();
  await page.getByRole("tab", { name: "In order" }).click();
  await page.getByRole("table", { name: "What happened" }).getByText("attempt").first().waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test("one subject's journey goes over events and workflows, and grows while it is open", async () => {
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/subjects/grace`);
  await page.getByText("Nothing happened for grace").waitFor();
  await emit("customer.created", { name: "grace" }, "&subject=grace");
  const rows = page.getByRole("table", { name: /What happened/ });
  await rows.getByRole("link", { name: "customer.created" }).waitFor();
  await rows.getByRole("link", { name: "greet" }).click();
  await page.getByRole("heading", { level: 1 }).getByText("greet").waitFor();
  await page.getByRole("link", { name: "grace" }).click();
  await page.waitForURL(/\/subjects\/grace/);
  expect(complaints).toEqual([]);
  await close();
});

test("a schedule is paused, resumed, started now, and made up for", async () => {
  const name = "nightly-report.night";
  const schedule = (): Promise<Schemas["Schedule"]> => api.get(`/schedules/${name}`);
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/schedules`);
  await page.getByRole("link", { name }).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  const panel = page.getByRole("complementary", { name });
  await panel.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("dialog").getByLabel(/Reason/).fill("the books are closed");
  await page.keyboard.press("Enter");
  await panel.getByText("the books are closed").waitFor();
  expect((await schedule()).paused?.reason).toBe("the books are closed");
  await panel.getByRole("button", { name: "Resume" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Resume" }).click();
  await panel.getByText("the books are closed").waitFor({ state: "detached" });
  await panel.getByRole("button", { name: "Start one now" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Start one now" }).click();
  await page.getByRole("link", { name: "Look at the run" }).waitFor();
  await page.getByRole("button", { name: "Done" }).click();
  expect((await schedule()).started).toBe(1);
  await panel.getByRole("button", { name: "Make up for the past" }).click();
  await page.getByRole("dialog").getByLabel("From").fill("2026-01-01T00:00");
  await page.getByRole("dialog").getByLabel("Before").fill("2026-01-04T12:00");
  await page.getByRole("dialog").getByRole("button", { name: "Start them" }).click();
  await until("what was asked for is started", async () => (await schedule()).started >= 4);
  await until("it is done with them", async () => (await schedule()).backfill === 0);
  await panel.getByRole("definition").getByText(String((await schedule()).started), { exact: true }).waitFor();
  const { items } = await api.get<Schemas["Page_AuditEntry"]>("/audit");
  expect(items.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["schedule-paused", "schedule-resumed", "schedule-triggered", "schedule-backfilled"]));
  expect(complaints).toEqual([]);
  await close();
});

test("a delivery that was given up is sent again", async () => {
  receiver.status = 410;
  const { correlation_id: correlation } = await emit("customer.created", { name: "tell-me" });
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/callbacks?name=crm&show=failed`);
  const row = page.getByRole("table", { name: "Deliveries" }).getByRole("row").filter({ hasText: "workflow.completed" });
  await row.first().waitFor();
  receiver.status = 200;
  const before = receiver.got.length;
  await row.first().getByRole("button", { name: /once more/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Deliver" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await until("it was received", () => Promise.resolve(receiver.got.length > before));
  expect(receiver.got.at(-1)).toContain("workflow.completed");
  await page.getByRole("tab", { name: "Delivered" }).click();
  await row.first().waitFor();
  // It stands in the graph beside what it tells of, and leads back.
  await page.goto(`${server.url}/correlations/${correlation}?detail=workflows`);
  await page.locator(".react-flow__node").getByText("callback-crm").first().click();
  await page.getByRole("link", { name: "The callback" }).click();
  await page.waitForURL(/\/callbacks\?name=crm/);
  expect(complaints).toEqual([]);
  await close();
});

test("a genealogy of thousands is drawn, on screen only, and says that there is more", async () => {
  await put(api);
  const id = await api.start("nightly-import", { rows: 5_000 });
  await api.reaches(id, "waiting");
  const { correlation_id: correlation } = await api.instance(id);
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/correlations/${correlation}`);
  // A server built for tests, on a busy machine, takes its time over thousands.
  await page.getByText("There is more than is shown").waitFor({ timeout: 90_000 });
  await page.locator(".react-flow__node").getByText("import-row").first().waitFor();
  expect(await page.locator(".react-flow__node").count()).toBeLessThan(200);
  await page.getByRole("tab", { name: "In order" }).click();
  const rows = page.getByRole("table", { name: "What happened" });
  await rows.getByText("import-row").first().waitFor();
  expect(await rows.getByRole("row").count()).toBeLessThan(100);
  expect(complaints).toEqual([]);
  await close();
});

const EVIL = '<img src=x onerror="document.title=1"><script>document.title=2</script>';

test("markup in types, sources, subjects, data and reasons is shown as text", async () => {
  const sent = await api.post<Schemas["EventAccepted"]>(`/events?type=${encodeURIComponent(EVIL)}&source=${encodeURIComponent(EVIL)}&subject=${encodeURIComponent(EVIL)}`, { note: EVIL });
  await api.post("/schedules/nightly-report.night/pause", { reason: EVIL });
  const { page, complaints, close } = await openTab(browser);
  const paths = ["/events", `/events?id=${sent.id}`, `/correlations/${sent.correlation_id}`, `/correlations/${sent.correlation_id}?view=order`, `/subjects/${encodeURIComponent(EVIL)}`, `/routers?name=orders&explain=yes&event=${sent.id}`, "/schedules?name=nightly-report.night"];
  for (const path of paths) {
    await page.goto(server.url + path);
    await page.getByText("onerror").or(page.locator("textarea")).filter({ visible: true }).first().waitFor();
    expect([path, await page.locator('img[src="x"]').count(), await page.title()]).toEqual([path, 0, expect.stringContaining("Orchestrator")]);
  }
  await api.post("/schedules/nightly-report.night/resume", {});
  expect(complaints).toEqual([]);
  await close();
});

test("the finder finds events, correlations, subjects, routers, schedules and callbacks", async () => {
  const { id, correlation_id: correlation } = await emit("found.later", { a: 1 }, "&subject=finder-subject");
  const { page, complaints, close } = await openTab(browser);
  await page.goto(`${server.url}/system`);
  await page.getByText("Partitions").waitFor();
  for (const [words, group, path] of [
    [id, "Event", `/events?id=${id}`], ["found.la", "Event", `/events?id=${id}`], [correlation, "Correlation", `/correlations/${correlation}`], ["finder-subject", "Subject", "/subjects/finder-subject"],
    ["orders", "Router", "/routers?name=orders"], ["nightly-report.n", "Schedule", "/schedules?name=nightly-report.night"], ["crm", "Callback", "/callbacks?name=crm"],
  ] as const) {
    await page.keyboard.press("Control+k");
    await page.keyboard.type(words);
    await page.getByRole("option").filter({ hasText: new RegExp(`^${group}`) }).first().click();
    await page.waitForURL((url) => `${url.pathname}${url.search}`.startsWith(path));
  }
  expect(complaints).toEqual([]);
  await close();
});

test("after the server was killed and started again an open list goes on, and lacks nothing", async () => {
  const { page, close } = await openTab(browser);
  await page.goto(`${server.url}/events?type=crash.*`);
  await emit("crash.before", {});
  await page.getByRole("link", { name: "crash.before" }).waitFor();
  await server.kill();
  await page.getByText("no connection").first().waitFor();
  await server.start();
  await emit("crash.after", {});
  await page.getByRole("link", { name: "crash.after" }).waitFor();
  await page.getByRole("link", { name: "crash.before" }).waitFor();
  await page.getByRole("link", { name: "live" }).waitFor();
  await close();
});
