/** One verb on many: what it would touch, making it, and following it. */
import { queryOptions } from "@tanstack/react-query";
import { api, take, type Operation, type Schemas } from "./client";
import type { InstanceFilter } from "./queries";

/** Which are meant: those named, or all that a filter lets through. */
export type Selection = { readonly ids: readonly string[] } | { readonly filter: InstanceFilter };

export interface OperationOrder {
  readonly action: "cancel" | "pause" | "resume" | "retry" | "replay" | "migrate" | "delete" | "reprocess" | "discard";
  readonly selection: Selection;
  /** Of a cancellation: whether what completed is undone. */
  readonly compensate?: boolean;
  /** Of a migration: the version to go on with. */
  readonly version?: string;
  /** Of a migration: steps that have another name there. */
  readonly map?: Readonly<Record<string, string>>;
}

function bodyOf({ action, selection, compensate, version, map }: OperationOrder): Schemas["OperationRequest"] {
  return {
    action,
    ...("ids" in selection ? { ids: [...selection.ids] } : { filter: { ...selection.filter } }),
    ...(compensate === undefined ? {} : { compensate }), ...(version === undefined ? {} : { version }), ...(map === undefined ? {} : { map: { ...map } }),
  };
}

/** How many there are, and the first of them; nothing is changed. */
export function previewQuery(order: OperationOrder) {
  return queryOptions({
    queryKey: ["operations", "preview", order],
    queryFn: async (): Promise<Schemas["OperationPreview"]> => {
      // A reason is demanded of some verbs also where nothing is done.
      const answer = await take(api.POST("/api/v1/operations", { body: { ...bodyOf(order), reason: "dry run", dry_run: true } }));
      if ("count" in answer) return answer;
      throw new Error("expected a dry run to be answered with a preview");
    },
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
    retry: false,
  });
}

export interface Making {
  readonly reason: string;
  /** How many at most in what time, such as `20/s`; empty: as fast as they take it. */
  readonly rate: string;
  /** Refused unless there are exactly so many. */
  readonly expected: number;
  readonly key: string;
}

export async function makeOperation(order: OperationOrder, { reason, rate, expected, key }: Making): Promise<Operation> {
  const body = { ...bodyOf(order), reason, expect_count: expected, ...(rate === "" ? {} : { rate }) };
  const answer = await take(api.POST("/api/v1/operations", { params: { header: { "Idempotency-Key": key } }, body }));
  if ("id" in answer) return answer;
  throw new Error("expected an operation to be made");
}

export function isOver({ status }: Operation): boolean {
  return status === "completed" || status === "cancelled";
}

const OFTEN = 250;

/** How far it is, until it is over. */
export function operationQuery(id: string) {
  return queryOptions({
    queryKey: ["operations", "one", id],
    queryFn: ({ signal }) => take(api.GET("/api/v1/operations/{id}", { params: { path: { id } }, signal })),
    refetchInterval: ({ state }) => (state.data !== undefined && isOver(state.data) ? false : OFTEN),
  });
}

export function turnOperation(id: string, verb: "pause" | "resume" | "cancel", reason: string): Promise<Operation> {
  return take(api.POST("/api/v1/operations/{id}/{verb}", { params: { path: { id, verb } }, body: { reason } }));
}
