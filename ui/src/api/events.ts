/** Events: those that were taken, what they set in motion, and where routers send them. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { Json } from "../model/json";
import { api, take, type Schemas } from "./client";
import { isTransient } from "./problem";
import { SLOWLY } from "./queries";

export type Event = Schemas["Event"];
export type Router = Schemas["Router"];
export type Genealogy = Schemas["Genealogy"];
export type Detail = "workflows" | "steps" | "attempts";

const retry = (failures: number, error: unknown): boolean => failures < 2 && isTransient(error);

/** What was taken does not change any more. */
export function eventQuery(id: string) {
  return queryOptions({
    queryKey: ["events", "one", id],
    queryFn: ({ signal }) => take(api.GET("/api/v1/events/{id}", { params: { path: { id } }, signal })),
    staleTime: Number.POSITIVE_INFINITY,
    retry,
  });
}

export interface EventFilter {
  /** With `*` at the end: all that begin so. */
  readonly type?: string;
  readonly source?: string;
  readonly subject?: string;
  readonly correlation_id?: string;
  /** False: only those that nothing took further. */
  readonly routed?: boolean;
  readonly since?: string;
}

export function newestEventsQuery(filter: EventFilter, limit: number) {
  return queryOptions({
    queryKey: ["events", "newest", filter, limit],
    queryFn: ({ signal }) => take(api.GET("/api/v1/events", { params: { query: { ...filter, limit } }, signal })),
    placeholderData: keepPreviousData,
    retry,
  });
}

/** Letters of one correlation: among them those of its events that could start nothing. */
export function correlatedLettersQuery(correlation: string) {
  return queryOptions({
    queryKey: ["dead-letters", "correlated", correlation],
    queryFn: ({ signal }) => take(api.GET("/api/v1/dead-letters", { params: { query: { correlation_id: correlation, limit: 200 } }, signal })),
    retry,
  });
}

export function genealogyQuery(id: string, detail: Detail) {
  return queryOptions({
    queryKey: ["correlations", id, detail],
    queryFn: ({ signal }) => take(api.GET("/api/v1/correlations/{id}", { params: { path: { id }, query: { detail } }, signal })),
    placeholderData: (before, query) => (query?.queryKey[1] === id ? before : undefined),
    retry,
  });
}

export interface NewEvent {
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly id: string;
  readonly data: Json;
}

/** Sends one; under an id of its own it is taken once, however often it is sent. */
export function sendEvent({ type, source, subject, id, data }: NewEvent, key: string): Promise<Schemas["EventAccepted"]> {
  const query = { type, ...(source === "" ? {} : { source }), ...(subject === "" ? {} : { subject }), ...(id === "" ? {} : { id }) };
  return take(api.POST("/api/v1/events", { params: { query, header: { "Idempotency-Key": key } }, body: data as never }));
}

export const routersQuery = queryOptions({
  queryKey: ["routers"],
  queryFn: ({ signal }) => take(api.GET("/api/v1/routers", { signal })),
  refetchInterval: 4 * SLOWLY,
  retry,
});

/** What a router would make of an event; nothing is taken. */
export function explainRouting(name: string, event: Json, meta: Json): Promise<Schemas["RoutingExplanation"]> {
  return take(api.POST("/api/v1/routers/{name}/explain", { params: { path: { name } }, body: { event, meta } }));
}
