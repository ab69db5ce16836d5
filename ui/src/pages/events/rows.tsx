import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import type { Event } from "../../api/events";
import * as icons from "../../kit/icons";
import { Moment } from "../../kit/time";
import { VirtualTable } from "../../kit/virtual-table";
import { wentTo } from "../../model/routed";

interface EventRowsProps {
  readonly rows: readonly Event[];
  readonly more: boolean;
  readonly active: number;
  readonly chosen: string | undefined;
  readonly onScroll: (first: number, nearEnd: boolean) => void;
}

const COLUMNS = "pl-3 grid-cols-[minmax(0,1fr)_auto] md:grid-cols-[minmax(140px,1.5fr)_minmax(70px,1fr)_minmax(70px,1fr)_minmax(120px,1.6fr)_84px]";

export function EventRows({ rows, more, active, chosen, onScroll }: EventRowsProps): JSX.Element {
  const head = (
    <>
      <span role="columnheader">Type</span>
      <span role="columnheader" className="max-md:hidden">Subject</span>
      <span role="columnheader" className="max-md:hidden">Source</span>
      <span role="columnheader" className="max-md:hidden">Went to</span>
      <span role="columnheader">Taken</span>
    </>
  );
  return (
    <VirtualTable label="Events" rows={rows} more={more} columns={COLUMNS} head={head} active={active} isSelected={(id) => id === chosen} onScroll={onScroll}
      cells={(event) => <EventRow event={event} />} />
  );
}

function EventRow({ event: { id, type, subject, source, routed_to: routed, at } }: { readonly event: Event }): JSX.Element {
  return (
    <>
      <span role="cell" className="flex min-w-0 flex-col">
        <Link to="/events" search={(before) => ({ ...before, id })} className="truncate rounded font-medium after:absolute after:inset-0" title={type}>{type}</Link>
        <span className="truncate text-sm md:hidden"><WentTo routed={routed} /></span>
      </span>
      <span role="cell" className="min-w-0 truncate text-muted max-md:hidden" title={subject ?? undefined}>{subject}</span>
      <span role="cell" className="min-w-0 truncate text-muted max-md:hidden" title={source}>{source}</span>
      <span role="cell" className="min-w-0 truncate max-md:hidden"><WentTo routed={routed} /></span>
      <span role="cell" className="text-sm text-muted"><Moment at={at} /></span>
    </>
  );
}

function WentTo({ routed }: { readonly routed: Event["routed_to"] }): JSX.Element {
  if (routed.length === 0) return <span className="text-faint">nowhere</span>;
  const failed = routed.filter(({ error }) => error != null).length;
  return (
    <>
      {failed > 0 && <span className="mr-2 text-failed"><icons.Octagon size={12} className="mr-1 inline" />{failed === routed.length ? "not started" : `${String(failed)} not started`}</span>}
      <span className="text-muted">{wentTo(routed)}</span>
    </>
  );
}
