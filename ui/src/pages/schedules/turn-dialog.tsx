import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type JSX } from "react";
import { turnSchedule, type ScheduleVerb } from "../../api/schedules";
import { Button } from "../../kit/button";
import { useNow } from "../../kit/clock";
import { Confirm } from "../../kit/confirm";
import { Dialog } from "../../kit/dialog";
import { spanOf } from "../../model/schedule";
import { utc } from "../../model/time";

interface TurnDialogProps {
  readonly name: string;
  readonly verb: ScheduleVerb;
  readonly overlap: string;
  readonly onClose: () => void;
}

const TELLS = {
  pause: ["Pause", "The clock starts nothing until it is resumed; what is open goes on. What it is paused over is not made up for."],
  resume: ["Resume", "It goes on from now. What it was paused over is not made up for."],
  trigger: ["Start one now", "One is started at once, whatever is open and whether or not it is paused."],
} as const;

/** Does something with a schedule, and asks why. */
export function TurnDialog({ name, verb, overlap, onClose }: TurnDialogProps): JSX.Element {
  const client = useQueryClient();
  const [started, setStarted] = useState<string>();
  const renew = (): Promise<void> => client.invalidateQueries({ queryKey: ["schedules"] });
  if (started !== undefined) return <Started id={started} onClose={onClose} />;
  if (verb === "backfill") return <Backfill name={name} overlap={overlap} onDone={renew} onClose={onClose} />;
  const [title, what] = TELLS[verb];
  return (
    <Confirm title={`${title}: ${name}`} verb={title} danger={verb === "pause"} onClose={(acted) => {
      if (!acted || verb !== "trigger") onClose();
    }} act={async (reason) => {
      const { workflow_id: id } = await turnSchedule(name, verb, reason);
      await renew();
      if (verb === "trigger") setStarted(id ?? "");
    }}>{what}</Confirm>
  );
}

/** The run that was asked for is one click away. */
function Started({ id, onClose }: { readonly id: string; readonly onClose: () => void }): JSX.Element {
  return (
    <Dialog title="It was started" open onClose={onClose}>
      <div className="flex items-center justify-between gap-3">
        <Link to="/workflows/$id" params={{ id }} className="rounded text-accent-text hover:underline">Look at the run</Link>
        <Button onClick={onClose}>Done</Button>
      </div>
    </Dialog>
  );
}

interface BackfillProps {
  readonly name: string;
  readonly overlap: string;
  readonly onDone: () => Promise<void>;
  readonly onClose: () => void;
}

const HOUR = 3_600_000;

/** A moment as the browser's field for times takes it: local, to the minute. */
function local(at: number): string {
  const moment = new Date(at);
  return new Date(at - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function Backfill({ name, overlap, onDone, onClose }: BackfillProps): JSX.Element {
  const now = useNow();
  const [from, setFrom] = useState(() => local(now - 24 * HOUR));
  const [to, setTo] = useState(() => local(now));
  const span = spanOf(from, to, now);
  const fields = [["From", from, setFrom], ["Before", to, setTo]] as const;
  return (
    <Confirm title={`Make up for the past: ${name}`} verb="Start them" disabled={typeof span === "string"} onClose={onClose} act={async (reason) => {
      if (typeof span === "string") return;
      await turnSchedule(name, "backfill", reason, span);
      await onDone();
    }}>
      <div className="flex flex-col gap-3">
        <p>Every tick of this span is started, at most 1,000, {overlap === "allow" ? "beside each other" : "one after the other"}; also those that were started before.</p>
        <div className="grid grid-cols-1 gap-3 text-ink sm:grid-cols-2">
          {fields.map(([label, value, write]) => (
            <label key={label} className="flex flex-col gap-1"><span className="text-sm text-muted">{label}</span>
              <input type="datetime-local" className="field" value={value} onChange={(event) => write(event.target.value)} />
            </label>
          ))}
        </div>
        <p className={`text-sm ${typeof span === "string" ? "text-failed" : "text-faint"}`} role="status">{typeof span === "string" ? span : `${utc(Date.parse(span.from)).slice(0, 16)} to ${utc(Date.parse(span.to)).slice(0, 16)} UTC`}</p>
      </div>
    </Confirm>
  );
}
