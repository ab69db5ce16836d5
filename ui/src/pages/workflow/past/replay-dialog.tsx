import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState, type JSX } from "react";
import { actOnPast, outlookQuery } from "../../../api/past";
import { definitionQuery } from "../../../api/queries";
import { useRequestKeys } from "../../../api/request-key";
import { Confirm } from "../../../kit/confirm";
import { Select } from "../../../kit/select";
import { Preview, Taken } from "./outlook";

interface ReplayDialogProps {
  readonly id: string;
  readonly workflow: string;
  readonly version: string;
  /** The ids of the workflow's own list, in order. */
  readonly steps: readonly string[];
  /** The step that is chosen first; empty: all of them. */
  readonly from: string;
  readonly onClose: () => void;
}

/** A new instance with the same input: all of it, or from a step on; on the same version, or another. */
export function ReplayDialog({ id, workflow, version, steps, from: first, onClose }: ReplayDialogProps): JSX.Element {
  const [from, setFrom] = useState(first);
  const [other, setOther] = useState(version);
  const keyOf = useRequestKeys();
  const navigate = useNavigate();
  const versions = useQuery(definitionQuery(workflow)).data?.versions ?? [version];
  const act = { verb: "replay", ...(from === "" ? {} : { from }), ...(other === version ? {} : { version: other }) } as const;
  const outlook = useQuery(outlookQuery(id, act));
  const go = async (): Promise<void> => {
    const made = await actOnPast(id, act, { key: keyOf(act) });
    void navigate({ to: "/workflows/$id", params: { id: made } });
  };
  return (
    <Confirm title="Replay it as a new run" verb="Start it" wide reasonLabel={null} disabled={outlook.data === undefined} onClose={onClose} act={go}>
      <p className="mb-3">A new instance starts with the input of this one, which stays as it is.</p>
      <div className="mb-4 grid gap-3 sm:grid-cols-2">
        <label className="flex flex-col gap-1"><span className="text-sm">What runs</span>
          <Select value={from} onChange={(event) => setFrom(event.target.value)}>
            <option value="">all of it</option>
            {steps.map((step) => <option key={step} value={step}>from {step} on</option>)}
          </Select>
        </label>
        <label className="flex flex-col gap-1"><span className="text-sm">On version</span>
          <Select value={other} onChange={(event) => setOther(event.target.value)}>
            {versions.toReversed().map((each) => <option key={each} value={each}>{each}{each === version ? " (as this run)" : ""}</option>)}
          </Select>
        </label>
      </div>
      <Preview outlook={outlook}>{({ taken }) => (taken === undefined || taken.length === 0
        ? <p>Every call is made anew.</p>
        : <><Taken taken={taken} /><p>All other calls are made anew.</p></>)}</Preview>
    </Confirm>
  );
}
