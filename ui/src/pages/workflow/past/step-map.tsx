import { useQuery } from "@tanstack/react-query";
import { useMemo, type JSX } from "react";
import { versionQuery } from "../../../api/queries";
import { Select } from "../../../kit/select";
import { parseFlow, stepsOf } from "../../../model/flow";

interface StepMapProps {
  readonly workflow: string;
  readonly from: string;
  readonly to: string;
  readonly map: Readonly<Record<string, string>>;
  readonly onChange: (map: Readonly<Record<string, string>>) => void;
}

/** Steps that the other version does not have by their name: each may have a counterpart there. */
export function StepMap({ workflow, from, to, map, onChange }: StepMapProps): JSX.Element | null {
  const [old, next] = [useNames(workflow, from), useNames(workflow, to)];
  if (old === undefined || next === undefined) return null;
  const gone = old.filter((name) => !next.includes(name));
  const free = next.filter((name) => !old.includes(name));
  if (gone.length === 0 || free.length === 0) return null;
  return (
    <fieldset className="mb-4 flex flex-col gap-2">
      <legend className="mb-1 text-sm">Steps that have another name there</legend>
      {gone.map((name) => (
        <label key={name} className="grid grid-cols-2 items-center gap-3"><span className="truncate text-ink">{name}</span>
          <Select value={map[name] ?? ""} onChange={(event) => {
            const others = Object.entries(map).filter(([old]) => old !== name);
            onChange(Object.fromEntries(event.target.value === "" ? others : [...others, [name, event.target.value]]));
          }}>
            <option value="">is not there</option>
            {free.map((each) => <option key={each} value={each}>is {each} there</option>)}
          </Select>
        </label>
      ))}
    </fieldset>
  );
}

function useNames(workflow: string, version: string): readonly string[] | undefined {
  const document = useQuery(versionQuery(workflow, version)).data?.document;
  return useMemo(() => (document === undefined ? undefined : [...stepsOf(parseFlow(document))].map((step) => step.id)), [document]);
}
