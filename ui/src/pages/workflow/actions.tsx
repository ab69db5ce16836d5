import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState, type JSX } from "react";
import { api, newKey, take } from "../../api/client";
import { Button } from "../../kit/button";
import { Confirm } from "../../kit/confirm";
import { Dialog } from "../../kit/dialog";
import { useKeys } from "../../kit/keys";
import { Menu, type MenuItem } from "../../kit/menu";
import type { Flow } from "../../model/flow";
import type { Run } from "../../model/run/run";
import { isOpen } from "../../model/status";
import { exact } from "../../model/time";
import { hold, HOLD_WORDS } from "./hold";
import { MigrateDialog } from "./past/migrate-dialog";
import { ReplayDialog } from "./past/replay-dialog";
import { RetryDialog } from "./past/retry-dialog";
import { SignalDialog } from "./signal-dialog";

interface ActionsProps {
  readonly id: string;
  readonly run: Run;
  readonly flow: Flow | undefined;
}

type Verb = "cancel" | "compare" | "delete" | "migrate" | "pause" | "replay" | "resume" | "retry" | "signal";

/** What can be done to the whole of it. */
export function Actions({ id, run, flow }: ActionsProps): JSX.Element {
  const [asked, setAsked] = useState<Verb>();
  const { status, pause } = run.instance.now;
  const known = run.started !== undefined;
  const open = known && isOpen(status);
  const ended = known && !open;
  const failed = ended && status !== "completed";
  const close = (): void => setAsked(undefined);
  const held = pause === undefined ? "pause" : "resume";
  useKeys({
    ...(open ? { c: () => setAsked("cancel"), p: () => setAsked(held), s: () => setAsked("signal") } : {}),
    ...(failed ? { r: () => setAsked("retry") } : {}),
    y: () => setAsked("replay"),
  }, known);
  const more: MenuItem[] = [
    { name: "Compare", hint: "Lay it beside another run, step by step", onChoose: () => setAsked("compare") },
    ...(open ? [{ name: "Migrate", hint: "Have it go on with another version of its workflow", onChoose: () => setAsked("migrate") }] : []),
    ...(ended ? [{ name: "Delete", hint: "Forget it, with its history and its data", danger: true, onChoose: () => setAsked("delete") }] : []),
  ];
  return (
    <>
      {failed && <Button look="main" title="This run goes on from the steps that failed ( r )" onClick={() => setAsked("retry")}>Retry</Button>}
      {known && <Button title="Start a new run with the same input ( y )" onClick={() => setAsked("replay")}>Replay</Button>}
      {open && <Button title="Send it a signal ( s )" onClick={() => setAsked("signal")}>Signal</Button>}
      {open && <Button look={held === "resume" ? "main" : "plain"} title={`${HOLD_WORDS[held]} ( p )`} onClick={() => setAsked(held)}>{held === "resume" ? "Resume" : "Pause"}</Button>}
      {open && <Button look="danger" title="It ends early, and what completed is undone ( c )" onClick={() => setAsked("cancel")}>Cancel</Button>}
      {known && <Menu label="More for this run" items={more} />}
      {asked !== undefined && <Asked verb={asked} id={id} run={run} flow={flow} onClose={close} />}
    </>
  );
}

interface DialogProps {
  readonly id: string;
  readonly run: Run;
  readonly onClose: () => void;
}

function Asked({ verb, id, run, flow, onClose }: DialogProps & { readonly verb: Verb; readonly flow: Flow | undefined }): JSX.Element {
  const workflow = run.started?.workflow ?? "";
  const { version } = run.instance.now;
  switch (verb) {
    case "cancel":
      return <CancelDialog id={id} run={run} onClose={onClose} />;
    case "pause":
    case "resume":
      return <HoldDialog id={id} verb={verb} onClose={onClose} />;
    case "signal":
      return <SignalDialog id={id} name="" onClose={onClose} />;
    case "compare":
      return <CompareDialog id={id} onClose={onClose} />;
    case "delete":
      return <DeleteDialog id={id} onClose={onClose} />;
    case "retry":
      return <RetryDialog id={id} onClose={onClose} />;
    case "replay":
      return <ReplayDialog id={id} workflow={workflow} version={version} steps={(flow?.root.steps ?? []).map((step) => step.id)} from="" onClose={onClose} />;
    case "migrate":
      return <MigrateDialog id={id} workflow={workflow} version={version} onClose={onClose} />;
  }
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
  const { of: done } = run.counts(run.end, "completed");
  return (
    <Confirm title="Cancel this workflow" verb="Cancel it" danger onClose={onClose} act={act}>
      <p>It ends early. Calls under way are awaited first. It can be retried afterwards: what was undone then runs again.</p>
      <label className="mt-3 flex items-start gap-2 text-ink">
        <input type="checkbox" className="mt-1" checked={compensate} onChange={(event) => setCompensate(event.target.checked)} />
        <span>Undo what was completed ({exact(done)} {done === 1 ? "step" : "steps"}), where a step has a compensation</span>
      </label>
    </Confirm>
  );
}

function DeleteDialog({ id, onClose }: Omit<DialogProps, "run">): JSX.Element {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const act = async (reason: string): Promise<void> => {
    await take(api.DELETE("/api/v1/workflows/{id}", { params: { path: { id }, query: { reason } } }));
    queries.removeQueries({ queryKey: ["instance", id] });
    await navigate({ to: "/workflows" });
  };
  return (
    <Confirm title="Delete this workflow" verb="Delete it" danger onClose={onClose} act={act}>
      Its history, its input and its output are forgotten; the audit keeps that it was there and who deleted it. This cannot be taken back.
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
