/** Filters of events as the address holds them, and as the API takes them. */
import type { EventFilter } from "../../api/events";
import { moment } from "../workflows/filters";

export const EVENT_FILTERS = ["type", "source", "subject", "correlation_id", "unrouted", "since"] as const;
export type EventFilterName = (typeof EVENT_FILTERS)[number];

export type EventFilters = Partial<Record<EventFilterName, string>>;

export function asEventFilter(filters: EventFilters, now: number): EventFilter {
  const { type, source, subject, correlation_id, unrouted, since } = filters;
  return {
    ...(type === undefined ? {} : { type }), ...(source === undefined ? {} : { source }), ...(subject === undefined ? {} : { subject }),
    ...(correlation_id === undefined ? {} : { correlation_id }), ...(unrouted === "yes" ? { routed: false } : {}),
    ...(since === undefined ? {} : { since: moment(since, now) }),
  };
}

/** Those alone that the address filters by. */
export function filtersOf(search: EventFilters): EventFilters {
  const set = EVENT_FILTERS.flatMap((name) => (search[name] === undefined ? [] : [[name, search[name]] as const]));
  return Object.fromEntries(set);
}
