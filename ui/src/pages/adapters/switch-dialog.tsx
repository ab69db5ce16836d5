/** The switches of an incident. */
import { useQueryClient } from "@tanstack/react-query";
import type { JSX } from "react";
import { api, take } from "../../api/client";
import { adaptersQuery } from "../../api/queries";
import { Confirm } from "../../kit/confirm";

/** What can be switched, and what it does. */
export const SWITCHES = {
  "pause": { verb: "Pause", danger: true, what: "No further call begins. Calls wait and use up no attempt; those under way go on." },
  "drain": { verb: "Drain", danger: true, what: "No further call begins, and it is shown as drained once nothing is under way any more." },
  "resume": { verb: "Resume", danger: false, what: "Calls begin again, those that wait first." },
  "open-breaker": { verb: "Open breaker", danger: true, what: "As if the circuit breaker had opened, until it is reset: calls wait, fail or go elsewhere, as `on-open` says." },
  "reset-breaker": { verb: "Reset breaker", danger: false, what: "The circuit breaker is closed, whoever opened it, and forgets what it counted." },
} as const;

export type Action = keyof typeof SWITCHES;

export interface Chosen {
  readonly action: Action;
  readonly target?: string;
}

interface SwitchDialogProps extends Chosen {
  readonly adapter: string;
  readonly onClose: () => void;
}

/** Turns a switch of an adapter, or of one of its targets. */
export function SwitchDialog({ adapter: name, action, target, onClose }: SwitchDialogProps): JSX.Element {
  const client = useQueryClient();
  const { verb, danger, what } = SWITCHES[action];
  const act = async (reason: string): Promise<void> => {
    const body = { reason };
    await (target === undefined
      ? take(api.POST("/api/v1/adapters/{name}/{action}", { params: { path: { name, action } }, body }))
      : take(api.POST("/api/v1/adapters/{name}/targets/{target}/{action}", { params: { path: { name, target, action } }, body })));
    await client.invalidateQueries({ queryKey: adaptersQuery.queryKey });
  };
  return (
    <Confirm title={`${verb}: ${name}${target === undefined ? "" : ` at ${target}`}`} verb={verb} danger={danger} act={act} onClose={onClose}>
      {what} It holds on all nodes and after a restart.
    </Confirm>
  );
}
