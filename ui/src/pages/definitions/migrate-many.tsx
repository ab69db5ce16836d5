import { useQueries, useQuery } from "@tanstack/react-query";
import { useState, type JSX } from "react";
import { previewQuery, type OperationOrder } from "../../api/operations";
import { outlookQuery } from "../../api/past";
import { countQuery } from "../../api/queries";
import { Button } from "../../kit/button";
import * as icons from "../../kit/icons";
import { RunLink } from "../../kit/run-link";
import { Select } from "../../kit/select";
import { exact } from "../../model/time";
import { OperationDialog } from "../operations/operation-dialog";
import { StepMap } from "../workflow/past/step-map";

interface MigrateManyProps {
  readonly workflow: string;
  /** The version on which they are to go on. */
  readonly to: string;
}

/** Offers to have what runs on other versions go on with this one; nothing where there is none. */
export function MigrateMany({ workflow, to }: MigrateManyProps): JSX.Element | null {
  const [asked, setAsked] = useState(false);
  const groups = useQuery(countQuery({ workflow, status: "active" }, "version")).data?.groups ?? [];
  const others = groups.map(({ group, count }) => ({ version: group["version"] ?? "", count })).filter(({ version }) => version !== to && version !== "");
  const all = others.reduce((sum, { count }) => sum + count, 0);
  if (all === 0 && !asked) return null;
  return (
    <>
      <Button title={`What runs on other versions goes on with ${to}, where it fits`} onClick={() => setAsked(true)}>Migrate {exact(all)} open to {to}</Button>
      {asked && <MigrateDialog workflow={workflow} to={to} others={others} onClose={() => setAsked(false)} />}
    </>
  );
}

interface MigrateDialogProps extends MigrateManyProps {
  readonly others: readonly { readonly version: string; readonly count: number }[];
  readonly onClose: () => void;
}

function MigrateDialog({ workflow, to, others, onClose }: MigrateDialogProps): JSX.Element {
  const [chosen, setChosen] = useState(others.at(-1)?.version ?? "");
  const [map, setMap] = useState<Readonly<Record<string, string>>>({});
  // What is shown in the list may end meanwhile; the choice stays.
  const versions = others.some(({ version }) => version === chosen) ? others : [...others, { version: chosen, count: 0 }];
  const order: OperationOrder = { action: "migrate", selection: { filter: { workflow, version: chosen, status: "active" } }, version: to, map };
  return (
    <OperationDialog title={(count) => `Migrate ${count} of ${workflow} to ${to}`} verb="Migrate" order={order} onClose={onClose}>
      <p className="mb-3">Each that fits goes on with {to}: what is under way goes on, what has not begun runs as that version says. One that does not fit is refused and stays exactly as it is.</p>
      <label className="mb-4 flex flex-col gap-1"><span className="text-sm">Those on version</span>
        <Select value={chosen} onChange={(event) => setChosen(event.target.value)}>{versions.map(({ version, count }) => <option key={version} value={version}>{version} ({exact(count)} open)</option>)}</Select>
      </label>
      <StepMap workflow={workflow} from={chosen} to={to} map={map} onChange={setMap} />
      <Trial order={order} to={to} map={map} />
    </OperationDialog>
  );
}

/** Tries it on the first of them, without changing anything. */
function Trial({ order, to, map }: { readonly order: OperationOrder; readonly to: string; readonly map: Readonly<Record<string, string>> }): JSX.Element {
  const samples = useQuery(previewQuery(order)).data?.samples ?? [];
  const trials = useQueries({ queries: samples.map(({ id }) => outlookQuery(id, { verb: "migrate", version: to, map })) });
  const known = trials.flatMap(({ data }) => (data === undefined ? [] : [data]));
  const misfits = known.filter(({ fits }) => fits !== true);
  if (samples.length === 0 || known.length < samples.length) return <p role="status">Trying it on the first of them</p>;
  return (
    <div role="group" aria-label="What it comes to" className="flex flex-col gap-1.5">
      <p className={`flex items-center gap-2 ${misfits.length === 0 ? "text-completed" : "text-waiting"}`}>
        {misfits.length === 0 ? <icons.Tick /> : <icons.Octagon />}
        {misfits.length === 0 ? `It fits ${known.length === 1 ? "the one" : `all of the first ${exact(known.length)}`} that it was tried on.` : `Of the first ${exact(known.length)} it does not fit ${exact(misfits.length)}.`}
      </p>
      {misfits.length > 0 && (
        <ul className="flex max-h-40 flex-col gap-1 overflow-y-auto rounded border border-line bg-sunken p-2 text-sm" tabIndex={0} aria-label="Do not fit">
          {misfits.map(({ workflow_id: id, reasons = [] }) => <li key={id}><RunLink id={id} /> {reasons.join("; ")}</li>)}
        </ul>
      )}
    </div>
  );
}
