import { useQuery } from "@tanstack/react-query";
import { useState, type JSX } from "react";
import { actOnPast, outlookQuery } from "../../../api/past";
import { Confirm } from "../../../kit/confirm";
import { exact } from "../../../model/time";
import { DoneSince, Preview, RunsAgain } from "./outlook";

interface RestoreDialogProps {
  readonly id: string;
  readonly seq: number;
  readonly onClose: (acted: boolean) => void;
}

/** The instance goes back to how it was after a record; what was done since is undone first, where that is wanted. */
export function RestoreDialog({ id, seq, onClose }: RestoreDialogProps): JSX.Element {
  const [compensate, setCompensate] = useState(false);
  const outlook = useQuery(outlookQuery(id, { verb: "restore", seq }));
  return (
    <Confirm title={`Restore it to record ${exact(seq)}`} verb={compensate ? "Undo and restore" : "Restore it"} danger wide disabled={outlook.data === undefined} onClose={onClose}
      act={(reason) => actOnPast(id, { verb: "restore", seq, compensate }, { reason })}>
      <p className="mb-3">This run goes back to how it was then and goes on from there. What was under way then begins anew; children and questions that came since are withdrawn.</p>
      <Preview outlook={outlook}>{({ to_seq: to, again, since, since_count: count }) => (
        <>
          {to != null && to !== seq && <p>Records {exact(seq)} to {exact(to)} belong together: it goes back to after record {exact(to)}.</p>}
          <DoneSince since={since} count={count ?? since?.length ?? 0} compensate={compensate} />
          {since?.some((effect) => effect.undoable && effect.kind !== "undone") === true && (
            <label className="flex items-start gap-2 text-ink">
              <input type="checkbox" className="mt-1" checked={compensate} onChange={(event) => setCompensate(event.target.checked)} />
              <span>Undo first what was done since, in reverse order</span>
            </label>
          )}
          <RunsAgain again={again} none="No step that had begun by then runs again: it goes on with the next ones." />
        </>
      )}</Preview>
    </Confirm>
  );
}
