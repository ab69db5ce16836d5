import { useQuery } from "@tanstack/react-query";
import { useState, type JSX } from "react";
import { actOnPast, outlookQuery } from "../../../api/past";
import { definitionQuery } from "../../../api/queries";
import { Confirm } from "../../../kit/confirm";
import * as icons from "../../../kit/icons";
import { Select } from "../../../kit/select";
import { Block, Preview } from "./outlook";
import { StepMap } from "./step-map";

interface MigrateDialogProps {
  readonly id: string;
  readonly workflow: string;
  readonly version: string;
  readonly onClose: () => void;
}

/** An open instance goes on with another version of its workflow, where it fits. */
export function MigrateDialog({ id, workflow, version, onClose }: MigrateDialogProps): JSX.Element {
  const definition = useQuery(definitionQuery(workflow)).data;
  const others = (definition?.versions ?? []).filter((each) => each !== version).toReversed();
  const [chosen, setChosen] = useState<string>();
  const to = chosen ?? others.find((each) => each === definition?.default_version) ?? others[0] ?? "";
  const [map, setMap] = useState<Readonly<Record<string, string>>>({});
  const act = { verb: "migrate", version: to, map } as const;
  const outlook = useQuery({ ...outlookQuery(id, act), enabled: to !== "" });
  return (
    <Confirm title="Migrate to another version" verb={`Go on with ${to}`} wide disabled={outlook.data?.fits !== true} onClose={onClose} act={(reason) => actOnPast(id, act, { reason })}>
      <p className="mb-3">This run goes on with another version of {workflow}; now it runs on {version}. What is under way goes on, what has not begun runs as that version says.</p>
      {definition !== undefined && others.length === 0 && <p className="text-ink">There is no other version. Apply one, and it can be chosen here.</p>}
      {others.length > 0 && (
        <label className="mb-4 flex flex-col gap-1"><span className="text-sm">Version</span>
          <Select value={to} onChange={(event) => setChosen(event.target.value)}>{others.map((each) => <option key={each}>{each}</option>)}</Select>
        </label>
      )}
      {to !== "" && <StepMap workflow={workflow} from={version} to={to} map={map} onChange={setMap} />}
      {to !== "" && (
        <Preview outlook={outlook}>{({ fits, reasons = [], mapped = {} }) => (fits === true
          ? <p className="flex items-center gap-2 text-completed"><icons.Tick />It fits. {Object.keys(mapped).length === 0 ? "No step has begun yet." : `Steps that have begun keep their place: ${Object.entries(mapped).map(([old, now]) => (old === now ? old : `${old} as ${now}`)).join(", ")}.`}</p>
          : <Misfit reasons={reasons} />)}</Preview>
      )}
    </Confirm>
  );
}

export function Misfit({ reasons }: { readonly reasons: readonly string[] }): JSX.Element {
  return (
    <Block title="It does not fit">
      <ul className="max-h-56 overflow-y-auto" tabIndex={0}>
        {reasons.map((reason) => <li key={reason} className="border-b border-line px-3 py-1.5 text-sm last:border-b-0">{reason}</li>)}
      </ul>
    </Block>
  );
}
