/** What pages ask, and under which key it is kept. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, take, type Decision } from "./client";
import { isTransient } from "./problem";

export const SLOWLY = 5_000;

const retry = (failures: number, error: unknown): boolean => failures < 2 && isTransient(error);

export const systemQuery = queryOptions({
  queryKey: ["system"],
  queryFn: ({ signal }) => take(api.GET("/api/v1/system", { signal })),
  refetchInterval: SLOWLY,
  retry,
});

export const logLevelsQuery = queryOptions({
  queryKey: ["log-levels"],
  queryFn: ({ signal }) => take(api.GET("/api/v1/system/log-levels", { signal })),
  refetchInterval: 2 * SLOWLY,
  retry,
});

export const nodesQuery = queryOptions({
  queryKey: ["nodes"],
  queryFn: ({ signal }) => take(api.GET("/api/v1/system/nodes", { signal })),
  refetchInterval: 2_000,
  retry,
});

export const definitionsQuery = queryOptions({
  queryKey: ["definitions"],
  queryFn: ({ signal }) => take(api.GET("/api/v1/definitions", { signal })),
  refetchInterval: 4 * SLOWLY,
  retry,
});

export function definitionQuery(name: string) {
  return queryOptions({
    queryKey: ["definitions", name],
    queryFn: ({ signal }) => take(api.GET("/api/v1/definitions/{name}", { params: { path: { name } }, signal })),
    retry,
  });
}

/** A version never changes: once read it is known. */
export function versionQuery(name: string, version: string) {
  return queryOptions({
    queryKey: ["definitions", name, "versions", version],
    queryFn: ({ signal }) => take(api.GET("/api/v1/definitions/{name}/versions/{version}", { params: { path: { name, version } }, signal })),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: name !== "" && version !== "",
    retry,
  });
}

export function explanationQuery(name: string, version: string) {
  return queryOptions({
    queryKey: ["definitions", name, "versions", version, "explain"],
    queryFn: ({ signal }) => take(api.GET("/api/v1/definitions/{name}/versions/{version}/explain", { params: { path: { name, version } }, signal })),
    retry,
  });
}

export const adaptersQuery = queryOptions({
  queryKey: ["adapters"],
  queryFn: ({ signal }) => take(api.GET("/api/v1/adapters", { signal })),
  refetchInterval: SLOWLY,
  retry,
});

export const policiesQuery = queryOptions({
  queryKey: ["policies"],
  queryFn: ({ signal }) => take(api.GET("/api/v1/policies", { signal })),
  retry,
});

/** Calls that are out, of the newest instances that are at work. */
export const tasksQuery = queryOptions({
  queryKey: ["tasks"],
  queryFn: ({ signal }) => take(api.GET("/api/v1/tasks", { params: { query: { limit: 200 } }, signal })),
  refetchInterval: SLOWLY,
  retry,
});

export const environmentsQuery = queryOptions({
  queryKey: ["environments"],
  queryFn: ({ signal }) => take(api.GET("/api/v1/environments", { signal })),
  retry,
});

export function instanceQuery(id: string) {
  return queryOptions({
    queryKey: ["instance", id],
    queryFn: ({ signal }) => take(api.GET("/api/v1/workflows/{id}", { params: { path: { id } }, signal })),
    retry,
  });
}

export function attemptsQuery(id: string, step: string) {
  return queryOptions({
    queryKey: ["instance", id, "attempts", step],
    queryFn: ({ signal }) => take(api.GET("/api/v1/workflows/{id}/steps/{step}/attempts", { params: { path: { id, step } }, signal })),
    retry,
  });
}

export function childrenQuery(id: string) {
  return queryOptions({
    queryKey: ["workflows", "children", id],
    queryFn: ({ signal }) => take(api.GET("/api/v1/workflows", { params: { query: { parent_id: id, limit: 200 } }, signal })),
    retry,
  });
}

/** Filters as the list of workflows takes them. */
export type InstanceFilter = Readonly<Record<string, string>>;

export function countQuery(filter: InstanceFilter, groupBy?: "status" | "workflow" | "version") {
  const query = { ...filter, ...(groupBy === undefined ? {} : { group_by: groupBy }) };
  return queryOptions({
    queryKey: ["counts", query],
    queryFn: ({ signal }) => take(api.GET("/api/v1/workflows/count", { params: { query }, signal })),
    placeholderData: keepPreviousData,
    retry,
  });
}

/** What was counted of a time; it is counted as it happens, so what is shown is asked for again and again. */
export function statsQuery(query: Readonly<Record<string, string | number>>) {
  return queryOptions({
    queryKey: ["stats", query],
    queryFn: ({ signal }) => take(api.GET("/api/v1/stats", { params: { query: { ...query, consistency: "eventual" } }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: 2 * SLOWLY,
    retry,
  });
}

/** What stands as failed, alike with alike. */
export function failuresQuery(query: Readonly<Record<string, string | number>>) {
  return queryOptions({
    queryKey: ["failures", query],
    queryFn: ({ signal }) => take(api.GET("/api/v1/failures", { params: { query }, signal })),
    placeholderData: keepPreviousData,
    retry,
  });
}

const PAGE = 1_000;
/** More open questions than anybody answers one by one; the page says when there are more. */
export const MOST_DECISIONS = 5_000;

async function allDecisions(status: string, signal: AbortSignal): Promise<{ items: Decision[]; more: boolean }> {
  const items: Decision[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await take(api.GET("/api/v1/decisions", { params: { query: { status, limit: PAGE, ...(cursor == null ? {} : { cursor }) } }, signal }));
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor != null && items.length < MOST_DECISIONS);
  return { items, more: cursor != null };
}

export const pendingDecisionsQuery = queryOptions({
  queryKey: ["decisions", "pending"],
  queryFn: ({ signal }) => allDecisions("pending", signal),
  retry,
});

export const answeredDecisionsQuery = queryOptions({
  queryKey: ["decisions", "answered"],
  queryFn: ({ signal }) => take(api.GET("/api/v1/decisions", { params: { query: { status: "answered", limit: 200 } }, signal })),
  retry,
});

/** More than anybody looks through in a group; beyond it a count says so. */
export const MOST_LETTERS = 100;

/** The newest letters that wait. */
export const pendingLettersQuery = queryOptions({
  queryKey: ["dead-letters", "newest"],
  queryFn: ({ signal }) => take(api.GET("/api/v1/dead-letters", { params: { query: { status: "pending", limit: MOST_LETTERS } }, signal })),
  refetchInterval: 4 * SLOWLY,
  retry,
});

export function deadLettersQuery(status: string, adapter?: string) {
  const query = { status, limit: 200, ...(adapter === undefined ? {} : { adapter }) };
  return queryOptions({
    queryKey: ["dead-letters", query],
    queryFn: ({ signal }) => take(api.GET("/api/v1/dead-letters", { params: { query }, signal })),
    refetchInterval: SLOWLY,
    placeholderData: keepPreviousData,
    retry,
  });
}

export const operationsQuery = queryOptions({
  queryKey: ["operations"],
  queryFn: ({ signal }) => take(api.GET("/api/v1/operations", { params: { query: { limit: 100 } }, signal })),
  refetchInterval: 2_000,
  retry,
});

export function auditQuery(filter: InstanceFilter) {
  return queryOptions({
    queryKey: ["audit", filter],
    queryFn: ({ signal }) => take(api.GET("/api/v1/audit", { params: { query: { ...filter, limit: 500 } }, signal })),
    refetchInterval: 2 * SLOWLY,
    placeholderData: keepPreviousData,
    retry,
  });
}
