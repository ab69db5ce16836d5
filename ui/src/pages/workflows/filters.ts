/** Filters as the address holds them, and as the API takes them. */
import type { InstanceFilter } from "../../api/queries";

export const FILTERS = ["status", "workflow", "version", "q", "subject", "correlation_id", "parent_id", "attribute", "created_after", "created_before"] as const;
export type FilterName = (typeof FILTERS)[number];

export type Filters = Partial<Record<FilterName, string>>;

const SPANS: Readonly<Record<string, number>> = { "15m": 15, "1h": 60, "24h": 24 * 60, "7d": 7 * 24 * 60, "30d": 30 * 24 * 60 };

export const RANGES = [["", "any time"], ["15m", "last 15 min"], ["1h", "last hour"], ["24h", "last 24 h"], ["7d", "last 7 days"], ["30d", "last 30 days"]] as const;

/** A span before now as a moment, whole minutes; a moment stays what it is. */
export function moment(written: string, now: number): string {
  const minutes = SPANS[written];
  if (minutes === undefined) return written;
  return new Date((Math.floor(now / 60_000) - minutes) * 60_000).toISOString();
}

export function asQuery(filters: Filters, now: number): InstanceFilter {
  const query: Record<string, string> = {};
  for (const [name, value] of Object.entries(filters)) {
    if (value === "") continue;
    if (name === "attribute") {
      const [attribute = "", ...rest] = value.split("=");
      if (rest.length > 0) query[`attribute.${attribute.trim()}`] = rest.join("=").trim();
    } else if (name === "created_after" || name === "created_before") {
      query[name] = moment(value, now);
    } else {
      query[name] = value;
    }
  }
  return query;
}

/** The statuses of a filter. */
export function statuses(filters: Filters): string[] {
  return (filters.status ?? "").split(",").filter((word) => word !== "");
}

export function toggle(words: readonly string[], word: string): string {
  return (words.includes(word) ? words.filter((each) => each !== word) : [...words, word]).join(",");
}
