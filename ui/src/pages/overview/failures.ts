/**
 * Failed runs, alike with alike. The server does not group them yet: they are grouped here, from the newest of the
 * list; whoever draws a group, or acts on all of it, need not know from where it comes.
 */
import type { InstanceSummary } from "../../api/client";
import type { Selection } from "../../api/operations";
import { groupTrouble, splitError, type Trouble } from "../../model/trouble";

export interface FailureGroup extends Omit<Trouble<never>, "items"> {
  readonly count: number;
  /** The newest of them. */
  readonly sample: string;
  /** All of them, for an operation. */
  readonly selection: Selection;
}

export const FAILED = "failed,compensated";
/** So many of the newest are looked at. */
export const LOOKED_AT = 500;

export function failureGroups(summaries: readonly InstanceSummary[]): FailureGroup[] {
  return groupTrouble(summaries, factsOf).map(({ items, ...group }) => ({
    ...group, count: items.length, sample: items[0]?.id ?? "", selection: { ids: items.map(({ id }) => id) },
  }));
}

function factsOf(summary: InstanceSummary) {
  return { workflow: summary.workflow, step: "", ...splitError(summary.error ?? "without an error"), at: Date.parse(summary.ended_at ?? summary.updated_at) };
}
