import { useQueryClient } from "@tanstack/react-query";
import type { JSX } from "react";
import type { Selection } from "../../api/operations";
import { OperationDialog } from "../operations/operation-dialog";

export type LetterVerb = "reprocess" | "discard";

interface ManyLettersProps {
  readonly verb: LetterVerb;
  readonly selection: Selection;
  readonly onClose: (acted: boolean) => void;
}

/** One verb on many dead letters. */
export function ManyLetters({ verb, selection, onClose }: ManyLettersProps): JSX.Element {
  const client = useQueryClient();
  const close = (acted: boolean): void => {
    if (acted) void client.invalidateQueries({ queryKey: ["dead-letters"] });
    onClose(acted);
  };
  const order = { action: verb, selection } as const;
  if (verb === "reprocess") {
    return (
      <OperationDialog title={(count) => `Call ${count} anew`} verb="Call anew" order={order} onClose={close}>
        Of each a new workflow of one step makes the same call with the same input. If it fails for good, it comes back as a dead letter.
      </OperationDialog>
    );
  }
  return (
    <OperationDialog title={(count) => `Discard ${count}`} verb="Discard" danger needsReason order={order} onClose={close}>
      What was sent is forgotten. Who discarded it, when and why stays. This cannot be taken back.
    </OperationDialog>
  );
}
