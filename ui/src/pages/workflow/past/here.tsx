import { useState, type JSX } from "react";
import { Button } from "../../../kit/button";
import type { Flow } from "../../../model/flow";
import type { Run } from "../../../model/run/run";
import { rootStep } from "../../../model/run/steps";
import { ReplayDialog } from "./replay-dialog";
import { RestoreDialog } from "./restore-dialog";

interface HereProps {
  readonly id: string;
  readonly run: Run;
  readonly flow: Flow | undefined;
}

/** What can be done from the position that is looked at. */
export function Here({ id, run, seq, flow, onRestored }: HereProps & { readonly seq: number; readonly onRestored: () => void }): JSX.Element {
  const [restores, setRestores] = useState(false);
  const record = run.records[seq - 1];
  return (
    <span className="flex flex-wrap gap-2">
      <Button small title="This run goes on from how it was then" onClick={() => setRestores(true)}>Restore to here</Button>
      {typeof record?.step === "string" && <ReplayFrom id={id} run={run} flow={flow} step={rootStep(record.lane ?? "", record.step)} />}
      {restores && <RestoreDialog id={id} seq={seq} onClose={(acted) => {
        setRestores(false);
        if (acted) onRestored();
      }} />}
    </span>
  );
}

/** A new run from a step of the workflow's own list on; nothing for any other step. */
export function ReplayFrom({ id, run, flow, step }: HereProps & { readonly step: string }): JSX.Element | null {
  const [asked, setAsked] = useState(false);
  const steps = (flow?.root.steps ?? []).map((each) => each.id);
  if (!steps.includes(step)) return null;
  return (
    <>
      <Button small className="self-start" title="A new run, in which the steps before it count as done" onClick={() => setAsked(true)}>Replay from {step}</Button>
      {asked && <ReplayDialog id={id} workflow={run.started?.workflow ?? ""} version={run.instance.now.version} steps={steps} from={step} onClose={() => setAsked(false)} />}
    </>
  );
}
