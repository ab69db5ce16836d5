/** Acts on the past of one instance: each can be asked first what it would come to. */
import { queryOptions } from "@tanstack/react-query";
import { api, take, type Schemas } from "./client";

export type Outlook = Schemas["PastOutlook"];
type Submitted = Schemas["Submitted"];

/** One act with what belongs to it. */
export type PastAct =
  | { readonly verb: "retry" }
  | { readonly verb: "replay"; readonly from?: string; readonly version?: string }
  | { readonly verb: "restore"; readonly seq: number; readonly compensate?: boolean }
  | { readonly verb: "migrate"; readonly version: string; readonly map?: Readonly<Record<string, string>> };

function ask(id: string, act: PastAct, more: { readonly dry_run?: boolean; readonly reason?: string; readonly key?: string }): Promise<Outlook | Submitted> {
  const params = { path: { id } };
  const { key, reason = "", dry_run = false } = more;
  switch (act.verb) {
    case "retry":
      return take(api.POST("/api/v1/workflows/{id}/retry", { params, body: { reason, dry_run } }));
    case "replay": {
      const { from, version } = act;
      const body = { dry_run, ...(from === undefined ? {} : { from }), ...(version === undefined ? {} : { version }) };
      const header = key === undefined ? {} : { header: { "Idempotency-Key": key } };
      return take(api.POST("/api/v1/workflows/{id}/replay", { params: { ...params, ...header }, body }));
    }
    case "restore":
      return take(api.POST("/api/v1/workflows/{id}/restore", { params, body: { seq: act.seq, compensate: act.compensate ?? false, reason, dry_run } }));
    case "migrate":
      return take(api.POST("/api/v1/workflows/{id}/migrate", { params, body: { version: act.version, map: { ...act.map }, reason, dry_run } }));
  }
}

/** What it would come to; nothing is changed. It is asked anew each time that somebody looks. */
export function outlookQuery(id: string, act: PastAct) {
  return queryOptions({
    queryKey: ["outlook", id, act],
    queryFn: async (): Promise<Outlook> => {
      const answer = await ask(id, act, { dry_run: true });
      if ("workflow_id" in answer) return answer;
      throw new Error("expected a dry run to be answered with an outlook");
    },
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
    retry: false,
  });
}

/** Does it; answers the id of the instance that goes on, of a replay that of the new one, which is started once under a key. */
export async function actOnPast(id: string, act: PastAct, more: { readonly reason?: string; readonly key?: string }): Promise<string> {
  const answer = await ask(id, act, more);
  return "id" in answer ? answer.id : id;
}
