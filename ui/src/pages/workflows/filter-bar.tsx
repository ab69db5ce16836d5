import { useQuery } from "@tanstack/react-query";
import { useState, type JSX, type RefObject } from "react";
import { definitionsQuery } from "../../api/queries";
import { Button } from "../../kit/button";
import * as icons from "../../kit/icons";
import { lookOf } from "../../kit/status";
import { Select } from "../../kit/select";
import { TextFilter } from "../../kit/text-filter";
import { ENDED, OPEN } from "../../model/status";
import { RANGES, statuses, toggle, type FilterName, type Filters } from "./filters";

interface FilterBarProps {
  readonly filters: Filters;
  readonly onChange: (change: Filters) => void;
  readonly searchRef: RefObject<HTMLInputElement | null>;
}

const MORE: readonly (readonly [FilterName, string, string])[] = [
  ["version", "Version", "1.0.0"],
  ["subject", "Subject", "whom it is about"],
  ["correlation_id", "Correlation", "id"],
  ["parent_id", "Parent", "id of an instance"],
  ["attribute", "Attribute", "region=EU"],
];

export function FilterBar({ filters, onChange, searchRef }: FilterBarProps): JSX.Element {
  const hasMore = MORE.some(([name]) => filters[name] !== undefined);
  const [open, setOpen] = useState(hasMore);
  const definitions = useQuery(definitionsQuery).data?.items ?? [];
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <label className="relative min-w-48 flex-1 sm:max-w-80">
          <span className="sr-only">A word in ids, names or errors</span>
          <icons.Search size={14} className="absolute top-[9px] left-2.5 text-faint" />
          <TextFilter ref_={searchRef} value={filters.q ?? ""} placeholder="A word in ids, names or errors" className="pl-8" onChange={(q) => onChange({ q })} />
        </label>
        <Select aria-label="Workflow" className="max-w-52" value={filters.workflow ?? ""} onChange={(event) => onChange({ workflow: event.target.value })}>
          <option value="">every workflow</option>
          {definitions.map(({ name }) => <option key={name}>{name}</option>)}
          {filters.workflow !== undefined && !definitions.some(({ name }) => name === filters.workflow) && <option>{filters.workflow}</option>}
        </Select>
        <Select aria-label="Started"  value={filters.created_after ?? ""} onChange={(event) => onChange({ created_after: event.target.value })}>
          {RANGES.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
          {filters.created_after !== undefined && !RANGES.some(([value]) => value === filters.created_after) && <option value={filters.created_after}>since {filters.created_after}</option>}
        </Select>
        <Button aria-expanded={open} look="quiet" onClick={() => setOpen(!open)}><icons.Filter size={14} />More filters</Button>
      </div>
      {open && (
        <div className="grid grid-cols-2 gap-2 sm:grid-cols-3 lg:grid-cols-5">
          {MORE.map(([name, label, hint]) => (
            <label key={name} className="flex flex-col gap-0.5">
              <span className="text-sm text-muted">{label}</span>
              <TextFilter value={filters[name] ?? ""} placeholder={hint} onChange={(value) => onChange({ [name]: value })} />
            </label>
          ))}
        </div>
      )}
      <StatusChips filters={filters} onChange={onChange} />
    </div>
  );
}

function StatusChips({ filters, onChange }: Pick<FilterBarProps, "filters" | "onChange">): JSX.Element {
  const chosen = statuses(filters);
  return (
    <div role="group" aria-label="Status" className="flex flex-nowrap gap-1 overflow-x-auto">
      {[...OPEN, ...ENDED].map((status) => {
        const { word, colour, Icon } = lookOf(status);
        const on = chosen.includes(status) || (chosen.includes("active") && OPEN.some((each) => each === status));
        const words = chosen.flatMap((each) => (each === "active" ? [...OPEN] : [each]));
        return (
          <button key={status} type="button" aria-pressed={on} onClick={() => onChange({ status: toggle(words, status) })}
            className={`inline-flex h-6 items-center gap-1 rounded-full border px-2 text-sm whitespace-nowrap ${on ? "border-accent bg-selected text-ink" : "border-line text-muted hover:bg-hover"}`}>
            <Icon size={12} className={colour} />{word}
          </button>
        );
      })}
    </div>
  );
}
