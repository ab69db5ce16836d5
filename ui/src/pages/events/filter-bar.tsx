import { useCallback, type JSX, type RefObject } from "react";
import { Select } from "../../kit/select";
import { TextFilter } from "../../kit/text-filter";
import { RANGES } from "../workflows/filters";
import type { EventFilterName, EventFilters } from "./filters";

interface EventFilterBarProps {
  readonly filters: EventFilters;
  readonly onChange: (change: Record<string, string | undefined>) => void;
  readonly searchRef: RefObject<HTMLInputElement | null>;
}

const TEXTS: readonly (readonly [EventFilterName, string, string])[] = [
  ["type", "Type", "order.* or the whole type"],
  ["source", "Source", "/crm"],
  ["subject", "Subject", "whom it is about"],
  ["correlation_id", "Correlation", "id"],
];

export function EventFilterBar({ filters, onChange, searchRef }: EventFilterBarProps): JSX.Element {
  const { since = "", unrouted } = filters;
  return (
    <div className="flex flex-wrap items-end gap-2">
      {TEXTS.map(([name, label, hint], index) => (
        <label key={name} className={`flex flex-col gap-0.5 ${index === 0 ? "w-full sm:w-60" : "w-[calc(50%-4px)] sm:w-40"}`}>
          <span className="text-sm text-muted">{label}</span>
          <NamedFilter name={name} value={filters[name] ?? ""} hint={hint} onChange={onChange} {...(index === 0 ? { ref_: searchRef } : {})} />
        </label>
      ))}
      <Select aria-label="Taken" value={since} onChange={(event) => onChange({ since: event.target.value })}>
        {RANGES.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
        {since !== "" && !RANGES.some(([value]) => value === since) && <option value={since}>since {since}</option>}
      </Select>
      <button type="button" aria-pressed={unrouted === "yes"} onClick={() => onChange({ unrouted: unrouted === "yes" ? undefined : "yes" })}
        className={`inline-flex h-8 items-center rounded-full border px-3 text-sm whitespace-nowrap ${unrouted === "yes" ? "border-accent bg-selected text-ink" : "border-line text-muted hover:bg-hover"}`}>
        went nowhere
      </button>
    </div>
  );
}

interface NamedFilterProps {
  readonly name: EventFilterName;
  readonly value: string;
  readonly hint: string;
  readonly onChange: EventFilterBarProps["onChange"];
  readonly ref_?: RefObject<HTMLInputElement | null>;
}

function NamedFilter({ name, value, hint, onChange, ref_ }: NamedFilterProps): JSX.Element {
  const write = useCallback((text: string) => onChange({ [name]: text }), [name, onChange]);
  return <TextFilter value={value} placeholder={hint} onChange={write} {...(ref_ === undefined ? {} : { ref_ })} />;
}
