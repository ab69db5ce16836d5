import { useState, type JSX } from "react";
import type { OperationOrder, Selection } from "../../api/operations";
import { OperationDialog } from "../operations/operation-dialog";
import { HOLD_WORDS } from "../workflow/hold";

export type ManyVerb = "cancel" | "pause" | "resume" | "retry" | "replay" | "delete";

interface ManyProps {
  readonly verb: ManyVerb;
  readonly selection: Selection;
  readonly onClose: (acted: boolean) => void;
}

export const MANY_NAMES: Readonly<Record<ManyVerb, string>> = { cancel: "Cancel", pause: "Pause", resume: "Resume", retry: "Retry", replay: "Replay", delete: "Delete" };

const ENDED = "One that has ended already is refused and stays as it is.";
const WORDS: Readonly<Record<ManyVerb, string>> = {
  cancel: `Each ends early: calls under way are awaited first. ${ENDED}`,
  pause: `${HOLD_WORDS.pause} ${ENDED}`,
  resume: `${HOLD_WORDS.resume} ${ENDED}`,
  retry: "Each goes on from the steps that failed. What completed stays, what was undone runs again. One that is open, or completed, is refused and stays as it is.",
  replay: "Of each a new instance starts with the same input. Every call is made anew; those that are replayed stay as they are.",
  delete: "The history, the input and the output of each are forgotten; the audit keeps who did it. One that is open is refused. This cannot be taken back.",
};

/** One verb on many workflows. */
export function Many({ verb, selection, onClose }: ManyProps): JSX.Element {
  const [compensate, setCompensate] = useState(true);
  const name = MANY_NAMES[verb];
  const order: OperationOrder = { action: verb, selection, ...(verb === "cancel" ? { compensate } : {}) };
  return (
    <OperationDialog title={(count) => `${name} ${count} ${count === "1" ? "workflow" : "workflows"}`} verb={name} danger={verb === "cancel" || verb === "delete"} order={order} onClose={onClose}>
      {WORDS[verb]}
      {verb === "cancel" && (
        <label className="mt-3 flex items-start gap-2 text-ink">
          <input type="checkbox" className="mt-1" checked={compensate} onChange={(event) => setCompensate(event.target.checked)} />
          <span>Undo what each has completed, where a step has a compensation</span>
        </label>
      )}
    </OperationDialog>
  );
}
