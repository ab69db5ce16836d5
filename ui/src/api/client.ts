/** The API with its types; whatever is not a success is thrown as an `ApiProblem`. */
import createClient, { type Middleware } from "openapi-fetch";
import { ApiProblem } from "./problem";
import type { components, paths } from "./schema";
import { session } from "./session";

export type Schemas = components["schemas"];
export type InstanceSummary = Schemas["InstanceSummary"];
export type Instance = Schemas["Instance"];
export type Decision = Schemas["Decision"];
export type DeadLetter = Schemas["DeadLetter"];
export type Operation = Schemas["Operation"];
export type HistoryRecord = Schemas["HistoryRecord"];
export type StreamRecord = Schemas["StreamRecord"];

const asCaller: Middleware = {
  onRequest({ request }) {
    const { token } = session.now;
    if (token !== undefined) request.headers.set("authorization", `Bearer ${token}`);
    return request;
  },
  onResponse({ response }) {
    if (response.status === 401) session.want();
    return response;
  },
};

export const api = createClient<paths>({ baseUrl: window.location.origin });
api.use(asCaller);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The answer's data. */
export async function take<T>(asked: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await asked;
  if (!response.ok) throw ApiProblem.from(response.status, error);
  return data as T;
}

/** Text that stands outside of the API: the metrics. */
export async function takeText(path: string, signal?: AbortSignal): Promise<string> {
  const { token } = session.now;
  const headers: HeadersInit = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(path, { headers, ...(signal === undefined ? {} : { signal }) });
  if (response.status === 401) session.want();
  if (!response.ok) throw ApiProblem.from(response.status, await response.json().catch(() => undefined));
  return response.text();
}

/** A key under which a request is done once, however often it is sent. */
export function newKey(): string {
  return crypto.randomUUID();
}
