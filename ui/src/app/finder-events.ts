import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api, take } from "../api/client";
import { callbacksQuery } from "../api/callbacks";
import { eventQuery, newestEventsQuery, routersQuery } from "../api/events";
import { countQuery } from "../api/queries";
import { schedulesQuery } from "../api/schedules";
import { ID, MOST, type Hit } from "./hit";

/** A name of a subject or a correlation is looked up whole: from so many letters on it may be one. */
const WHOLE = 3;
const A_WHILE = 5_000;

/** Routers, schedules and callbacks by name. */
export function useNamedHits(text: string): Hit[] {
  const navigate = useNavigate();
  const enabled = text.length >= 2;
  const routers = useQuery({ ...routersQuery, enabled, refetchInterval: false, staleTime: A_WHILE }).data?.items ?? [];
  const schedules = useQuery({ ...schedulesQuery, enabled, refetchInterval: false, staleTime: A_WHILE }).data?.items ?? [];
  const callbacks = useQuery({ ...callbacksQuery, enabled, refetchInterval: false, staleTime: A_WHILE }).data?.items ?? [];
  if (!enabled) return [];
  const has = ({ name }: { readonly name: string }): boolean => name.toLowerCase().includes(text.toLowerCase());
  return [
    ...routers.filter(has).slice(0, MOST).map(({ name }): Hit => ({ id: `router-${name}`, group: "Router", name, hint: "", go: () => navigate({ to: "/routers", search: { name } }) })),
    ...schedules.filter(has).slice(0, MOST).map(({ name, paused }): Hit => ({ id: `schedule-${name}`, group: "Schedule", name, hint: "", ...(paused == null ? {} : { status: "paused" }), go: () => navigate({ to: "/schedules", search: { name } }) })),
    ...callbacks.filter(has).slice(0, MOST).map(({ name, event }): Hit => ({ id: `callback-${name}`, group: "Callback", name, hint: event, go: () => navigate({ to: "/callbacks", search: { name } }) })),
  ];
}

/** Events by id (asked for only where it is no run's: a browser complains of what is not there) or by how their type begins; correlations and subjects by their whole name. */
export function useEventHits(text: string, isNoRun: boolean): Hit[] {
  const navigate = useNavigate();
  const isId = ID.test(text) && text.length === 36;
  const isWhole = text.length >= WHOLE;
  const byType = useQuery({ ...newestEventsQuery({ type: `${text}*` }, MOST), enabled: isWhole && !isId }).data?.items ?? [];
  const correlated = useQuery({ ...countQuery({ correlation_id: text }), enabled: isWhole }).data?.total ?? 0;
  const ofCorrelation = useQuery({ ...newestEventsQuery({ correlation_id: text }, MOST), enabled: isWhole });
  const correlatedEvents = ofCorrelation.data?.items ?? [];
  const own = correlatedEvents.find(({ id }) => id === text);
  const asked = useQuery({ ...eventQuery(text), enabled: isId && isNoRun && ofCorrelation.isSuccess && own === undefined, retry: false }).data;
  const byId = own ?? asked;
  const journey = useQuery({
    queryKey: ["journey", "find", text],
    queryFn: ({ signal }) => take(api.GET("/api/v1/subjects/{subject}/journey", { params: { path: { subject: text }, query: { limit: 1 } }, signal })),
    enabled: isWhole && !isId,
  }).data?.items ?? [];
  if (!isWhole) return [];
  // What was asked before is still at hand while the next answer is on its way.
  const begins = byType.filter(({ type }) => type.startsWith(text));
  const hits = [...(byId === undefined ? [] : [byId]), ...begins].map(({ id, type, subject }): Hit => (
    { id: `event-${id}`, group: "Event", name: `${type} ${id.slice(-6)}`, hint: subject ?? "", go: () => navigate({ to: "/events", search: { id } }) }
  ));
  const isCorrelation = correlated > 0 || correlatedEvents.some(({ correlation_id: id }) => id === text);
  return [
    ...hits,
    ...(isCorrelation ? [{ id: `correlation-${text}`, group: "Correlation", name: `What ${isId ? text.slice(-6) : text} set in motion`, hint: "", go: () => navigate({ to: "/correlations/$id", params: { id: text } }) }] : []),
    ...(journey.length === 0 ? [] : [{ id: `subject-${text}`, group: "Subject", name: `The journey of ${text}`, hint: "", go: () => navigate({ to: "/subjects/$subject", params: { subject: text } }) }]),
  ];
}
