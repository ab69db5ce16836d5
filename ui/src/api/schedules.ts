/** Schedules: when they start something next, what came of it, and what people do with them. */
import { queryOptions } from "@tanstack/react-query";
import { api, take, type Schemas } from "./client";
import { isTransient } from "./problem";

export type Schedule = Schemas["Schedule"];
export type ScheduleVerb = "pause" | "resume" | "trigger" | "backfill";

const OFTEN = 2_000;
/** So many are not read again so often. */
const MANY = 300;
const PAGE = 1_000;
/** More than anybody looks through; the page says when there are more. */
const MOST = 5_000;

const retry = (failures: number, error: unknown): boolean => failures < 2 && isTransient(error);

async function all(signal: AbortSignal): Promise<{ items: Schedule[]; more: boolean }> {
  const items: Schedule[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await take(api.GET("/api/v1/schedules", { params: { query: { limit: PAGE, ...(cursor == null ? {} : { cursor }) } }, signal }));
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor != null && items.length < MOST);
  return { items, more: cursor != null };
}

export const schedulesQuery = queryOptions({
  queryKey: ["schedules", "all"],
  queryFn: ({ signal }) => all(signal),
  refetchInterval: ({ state }) => ((state.data?.items.length ?? 0) > MANY ? 5 * OFTEN : OFTEN),
  retry,
});

export function ticksQuery(name: string, count: number) {
  return queryOptions({
    queryKey: ["schedules", "next", name, count],
    queryFn: ({ signal }) => take(api.GET("/api/v1/schedules/{name}/next", { params: { path: { name }, query: { count } }, signal })),
    retry,
  });
}

export function turnSchedule(name: string, verb: ScheduleVerb, reason: string, span?: { readonly from: string; readonly to: string }): Promise<Schemas["ScheduleTurned"]> {
  return take(api.POST("/api/v1/schedules/{name}/{verb}", { params: { path: { name, verb } }, body: { reason, ...span } }));
}
