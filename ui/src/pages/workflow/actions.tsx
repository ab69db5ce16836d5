import { useNavigate } from "@tanstack/react-router";
import { useState, type JSX } from "react";
import { api, newKey, take } from "../../api/client";
import { Button } from "../../kit/button";
import { Confirm } from "../../kit/confirm";
import { Dialog } from "../../kit/dialog";
import { useKeys } from "../../kit/keys";
import type { Run } from "../../model/run/run";
import { isOpen } from "../../model/status";
import { hold, HOLD_WORDS } from "./hold";
import { SignalDialog } from "./signal-dialog";

interface ActionsProps {
  readonly id: string;
  readonly run: Run;
}

/** What can be done to the whole of it. */
export function Actions({ id, run }: ActionsProps): JSX.Element {
  const [asked, setAsked] = useState<"cancel" | "again" | "compare" | "signal" | "pause" | "resume">();
  const open = isOpen(run.instance.now.status);
  const paused = run.instance.now.pause !== undefined;
  const close = (): void => setAsked(undefined);
  useKeys({ c: () => setAsked("cancel") }, open);
  return (
    <>
      <Button onClick={() => setAsked("compare")}>Compare</Button>
      {run.started !== undefined && <Button onClick={() => setAsked("again")}>Start again</Button>}
      {open && <Button onClick={() => setAsked("signal")}>Signal</Button>}
      {open && (paused ? <Button look="main" onClick={() => setAsked("resume")}>Resume</Button> : <Button onClick={() => setAsked("pause")}>Pause</Button>)}
      {open && <Button look="danger" onClick={() => setAsked("cancel")}>Cancel</Button>}
      {asked === "cancel" && <CancelDialog id={id} run={run} onClose={close} />}
      {asked === "again" && <AgainDialog id={id} run={run} onClose={close} />}
      {(asked === "pause" || asked === "resume") && <HoldDialog id={id} verb={asked} onClose={close} />}
      {asked === "signal" && <SignalDialog id={id} name="" onClose={close} />}
      {asked === "compare" && <CompareDialog id={id} onClose={close} />}
    </>
  );
}

interface DialogProps {
  readonly id: string;
  readonly run: Run;
  readonly onClose: () => void;
}

function HoldDialog({ id, verb, onClose }: Omit<DialogProps, "run"> & { readonly verb: "pause" | "resume" }): JSX.Element {
  const name = verb === "pause" ? "Pause" : "Resume";
  return <Confirm title={`${name} this workflow`} verb={`${name} it`} onClose={onClose} act={(reason) => hold(id, verb, reason)}>{HOLD_WORDS[verb]}</Confirm>;
}

function CancelDialog({ id, run, onClose }: DialogProps): JSX.Element {
  const [key] = useState(newKey);
  const [compensate, setCompensate] = useState(true);
  const act = (reason: string): Promise<unknown> => take(api.POST("/api/v1/workflows/{id}/cancel", {
    params: { path: { id }, header: { "Idempotency-Key": key } }, body: { reason, compensate },
  }));
  const done = [...run.begun(run.end)].filter(({ state }) => state.status === "completed").length;
  return (
    <Confirm title="Cancel this workflow" verb="Cancel it" danger onClose={onClose} act={act}>
      <p>It ends early. Calls under way are awaited first. This cannot be taken back.</p>
      <label className="mt-3 flex items-start gap-2 text-ink">
        <input type="checkbox" className="mt-1" checked={compensate} onChange={(event) => setCompensate(event.target.checked)} />
        <span>Undo what was completed ({done} {done === 1 ? "step" : "steps"}), where a step has a compensation</span>
      </label>
    </Confirm>
  );
}

function AgainDialog({ id, run: { started }, onClose }: DialogProps): JSX.Element {
  const [key] = useState(newKey);
  const navigate = useNavigate();
  const act = async (): Promise<void> => {
    const made = await take(api.POST("/api/v1/workflows/{id}/replay", { params: { path: { id }, header: { "Idempotency-Key": key } }, body: {} }));
    // Only a dry run is answered otherwise.
    if ("id" in made) {
      void navigate({ to: "/workflows/$id", params: { id: made.id } });
    }
  };
  return (
    <Confirm title="Start again with the same input" verb="Start it" onClose={onClose} act={act} reasonLabel="Note (not kept)">
      A new instance of {started?.workflow} {started?.version} starts with the input of this one. Every call is made anew; this instance stays as it is.
    </Confirm>
  );
}

function CompareDialog({ id, onClose }: Omit<DialogProps, "run">): JSX.Element {
  const [other, setOther] = useState("");
  const navigate = useNavigate();
  return (
    <Dialog title="Compare with another run" open onClose={onClose}>
      <form className="flex flex-col gap-4" onSubmit={(event) => {
        event.preventDefault();
        void navigate({ to: "/compare", search: { left: id, right: other.trim() } });
      }}>
        <label className="flex flex-col gap-1"><span className="text-sm text-muted">Id of the other instance</span><input autoFocus className="field font-mono" value={other} onChange={(event) => setOther(event.target.value)} /></label>
        <div className="flex justify-end gap-2"><Button onClick={onClose}>Back</Button><Button type="submit" look="main" disabled={other.trim() === ""}>Compare</Button></div>
      </form>
    </Dialog>
  );
}
