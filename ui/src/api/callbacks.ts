/** Callbacks: who is told of what, and what became of each delivery. */
import { queryOptions } from "@tanstack/react-query";
import { api, take, type Schemas } from "./client";
import { isTransient } from "./problem";
import { SLOWLY } from "./queries";

export type Callback = Schemas["Callback"];
export type Delivery = Schemas["Delivery"];

const retry = (failures: number, error: unknown): boolean => failures < 2 && isTransient(error);

export const callbacksQuery = queryOptions({
  queryKey: ["callbacks"],
  queryFn: ({ signal }) => take(api.GET("/api/v1/callbacks", { signal })),
  refetchInterval: 4 * SLOWLY,
  retry,
});

/** Sends it once more, to where the callback sends now; answers the id of the new delivery. */
export async function redeliver(callback: string, delivery: string, key: string): Promise<string> {
  const made = await take(api.POST("/api/v1/callbacks/{name}/deliveries/{id}/redeliver", { params: { path: { name: callback, id: delivery }, header: { "Idempotency-Key": key } } }));
  return made.id;
}
