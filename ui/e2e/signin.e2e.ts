/** A server with callers: the page asks for a token, keeps it for the tab, and says what a caller may not do. */
import { createHash } from "node:crypto";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MORE } from "./harness/api";
import { launch, openTab } from "./harness/browser";
import { TestServer } from "./harness/server";

const sha256 = (token: string): string => createHash("sha256").update(token).digest("hex");

let server: TestServer;
let browser: Browser;

beforeAll(async () => {
  server = await TestServer.serve(`tokens:
  - { user: vera, roles: [viewer], sha256: ${sha256("t-vera")} }
  - { user: olga, roles: [admin], sha256: ${sha256("t-olga")} }
`);
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
  await server.stop();
});

function asOlga(path: string, body: string, type: string): Promise<Response> {
  return fetch(`${server.url}/api/v1${path}`, { method: "POST", headers: { authorization: "Bearer t-olga", "content-type": type }, body });
}

test("a token is asked for, a wrong one refused, and a live page follows", async () => {
  const adapters = "adapters: [{ name: local, type: builtin }]\n---\n";
  expect((await asOlga("/apply", adapters + MORE, "application/yaml")).status).toBe(200);
  const { page, close } = await openTab(browser);
  await page.goto(`${server.url}/workflows`);
  await page.getByRole("dialog", { name: "Sign in" }).waitFor();
  await page.getByLabel("Token").fill("t-nobody");
  await page.keyboard.press("Enter");
  await page.getByText("The server does not know this token").waitFor();
  await page.getByLabel("Token").fill("t-vera");
  await page.keyboard.press("Enter");
  await page.getByText("vera").waitFor();
  await page.getByRole("link", { name: "live" }).waitFor();
  const made = await asOlga("/workflows", JSON.stringify({ workflow: "sleeper", input: {} }), "application/json");
  const { id } = (await made.json()) as { id: string };
  await page.locator(`a[href="/workflows/${id}"]`).click();
  await page.locator('.react-flow__node[data-id="nap"]').getByText("waiting").waitFor();
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel it" }).click();
  await page.getByText(/expected a caller with the permission `operate`/).waitFor();
  expect(page.url()).not.toContain("t-vera");
  await close();
});
