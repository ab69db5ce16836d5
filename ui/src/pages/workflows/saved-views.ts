/** Filters under a name, kept in this browser. */
import { isObject, text, type Json } from "../../model/json";
import { FILTERS, type Filters } from "./filters";

export interface SavedView {
  readonly name: string;
  readonly filters: Filters;
}

const KEY = "orchestrator.views";

export const BUILT_IN: readonly SavedView[] = [
  { name: "All", filters: {} },
  { name: "Active", filters: { status: "active" } },
  { name: "Stuck", filters: { status: "stuck" } },
  { name: "Failed", filters: { status: "failed,compensated" } },
];

export function readViews(storage: Pick<Storage, "getItem">): SavedView[] {
  try {
    const kept = JSON.parse(storage.getItem(KEY) ?? "[]") as Json;
    return Array.isArray(kept) ? kept.filter(isObject).map((view) => ({ name: text(view, "name"), filters: filtersIn(view["filters"] ?? null) })) : [];
  } catch {
    return [];
  }
}

function filtersIn(kept: Json): Filters {
  return Object.fromEntries(FILTERS.map((name) => [name, text(kept, name)] as const).filter(([, value]) => value !== ""));
}

export function writeViews(storage: Pick<Storage, "setItem">, views: readonly SavedView[]): void {
  storage.setItem(KEY, JSON.stringify(views));
}

export function isSame(a: Filters, b: Filters): boolean {
  return FILTERS.every((name) => (a[name] ?? "") === (b[name] ?? ""));
}
