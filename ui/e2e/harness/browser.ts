/** A real Chromium that talks to nobody but the server under test. */
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";

const EXECUTABLE = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export const WIDE = { width: 1440, height: 900 } as const;
export const PHONE = { width: 390, height: 844 } as const;

export interface Look {
  readonly colorScheme?: "light" | "dark";
  readonly viewport?: { readonly width: number; readonly height: number };
}

export interface Tab {
  readonly page: Page;
  /** What the page complained about. */
  readonly complaints: string[];
  readonly close: () => Promise<void>;
}

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: EXECUTABLE, args: ARGS });
}

export async function openTab(browser: Browser, look: Look = {}): Promise<Tab> {
  const context: BrowserContext = await browser.newContext({ viewport: WIDE, ...look });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(`${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error.message}`));
  page.setDefaultTimeout(30_000);
  return { page, complaints, close: () => context.close() };
}
