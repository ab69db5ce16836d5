/** What stands as failed, as the overview shows it. */
import type { Schemas } from "../../api/client";
import type { Selection } from "../../api/operations";
import type { Trouble } from "../../model/trouble";

export interface FailureGroup extends Omit<Trouble<never>, "items"> {
  readonly count: number;
  /** Adapter and target; empty where no call failed. */
  readonly target: string;
  /** The newest of them, if one is known. */
  readonly sample: string | undefined;
  /** What an operation is to take; it may be more than the group. */
  readonly selection: Selection;
}

/** What became of those that failed and that nobody is asked about. */
export const FAILED = "failed,compensated";

export function failureGroups(groups: readonly Schemas["FailureGroup"][]): FailureGroup[] {
  return groups.map(({ group, count, first_at, last_at, message, samples, filter }) => {
    const { workflow = "", step = "", error = "", adapter = "", target = "" } = group;
    return {
      key: [workflow, step, error, adapter, target].join("\n"),
      workflow, step, errorType: error, message, count,
      target: [adapter, target].filter((part) => part !== "").join(" "),
      since: Date.parse(first_at), last: Date.parse(last_at),
      sample: samples[0],
      selection: filter == null ? { ids: samples } : { filter: Object.fromEntries(Object.entries(filter).map(([name, value]) => [name, [value].flat().join(",")])) },
    };
  });
}
