/** Light, dark, or as the system has it; kept in the browser. */
import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";

const KEY = "orchestrator.theme";
const listeners = new Set<() => void>();
let theme: Theme = read();

function read(): Theme {
  const kept = window.localStorage.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function applyTheme(): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

export function setTheme(next: Theme): void {
  theme = next;
  window.localStorage.setItem(KEY, next);
  applyTheme();
  for (const listener of listeners) listener();
}

const dark = window.matchMedia("(prefers-color-scheme: dark)");

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  dark.addEventListener("change", listener);
  return () => {
    listeners.delete(listener);
    dark.removeEventListener("change", listener);
  };
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, () => theme);
}

/** What is shown, for drawings that cannot take colours from the style sheet. */
export function useIsDark(): boolean {
  return useSyncExternalStore(subscribe, () => (theme === "system" ? dark.matches : theme === "dark"));
}
