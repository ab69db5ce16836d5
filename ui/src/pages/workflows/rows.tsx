import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import type { InstanceSummary } from "../../api/client";
import * as icons from "../../kit/icons";
import { CopyButton, ShortId } from "../../kit/id";
import { Status } from "../../kit/status";
import { Moment, Took } from "../../kit/time";
import { VirtualTable } from "../../kit/virtual-table";

interface RowsProps {
  readonly rows: readonly InstanceSummary[];
  readonly more: boolean;
  readonly isSelected: (id: string) => boolean;
  readonly active: number;
  readonly onSelect: (id: string, index: number, range: boolean) => void;
  readonly onSelectAll: () => void;
  /** The first row on screen, and that the end is near. */
  readonly onScroll: (first: number, nearEnd: boolean) => void;
}

const COLUMNS = "grid-cols-[36px_minmax(0,1fr)_auto] md:grid-cols-[36px_124px_minmax(160px,1.4fr)_112px_minmax(80px,1fr)_92px_84px_minmax(80px,1.6fr)]";

export function Rows({ rows, more, isSelected, active, onSelect, onSelectAll, onScroll }: RowsProps): JSX.Element {
  const all = rows.length > 0 && rows.every((row) => isSelected(row.id));
  const head = (
    <>
      <span role="columnheader" className="flex justify-center"><input type="checkbox" aria-label="Select all rows that are loaded" checked={all} onChange={onSelectAll} /></span>
      <span role="columnheader">Status</span>
      <span role="columnheader" className="max-md:hidden">Workflow</span>
      <span role="columnheader" className="max-md:hidden">Id</span>
      <span role="columnheader" className="max-md:hidden">Subject</span>
      <span role="columnheader" className="max-md:hidden">Started</span>
      <span role="columnheader" className="max-md:hidden">Took</span>
      <span role="columnheader" className="max-md:hidden">Error</span>
    </>
  );
  return (
    <VirtualTable label="Workflows" rows={rows} more={more} columns={COLUMNS} head={head} active={active} isSelected={isSelected} onScroll={onScroll}
      cells={(row, index) => <InstanceRow row={row} isSelected={isSelected(row.id)} onSelect={(range) => onSelect(row.id, index, range)} />} />
  );
}

function InstanceRow({ row, isSelected, onSelect }: { readonly row: InstanceSummary; readonly isSelected: boolean; readonly onSelect: (range: boolean) => void }): JSX.Element {
  return (
    <>
      <span role="cell" className="flex justify-center">
        <input type="checkbox" aria-label={`Select ${row.workflow} ${row.id}`} checked={isSelected} onChange={(event) => onSelect((event.nativeEvent as MouseEvent).shiftKey)} />
      </span>
      <span role="cell" className="flex min-w-0 flex-col max-md:gap-0">
        <Link to="/workflows/$id" params={{ id: row.id }} className="flex min-w-0 items-center gap-2 rounded after:absolute after:inset-y-0 after:right-0 after:left-9">
          <Status status={row.status} />
          {row.pending_decisions > 0 && row.status !== "stuck" && <span className="text-human" title="waits for a person"><icons.Hand size={14} /><span className="sr-only">waits for a person</span></span>}
          <span className="truncate font-medium md:hidden">{row.workflow}</span>
        </Link>
        {row.error != null && <span className="truncate text-sm text-muted md:hidden">{row.error}</span>}
      </span>
      <span role="cell" className="min-w-0 truncate max-md:hidden"><span className="font-medium">{row.workflow}</span> <span className="text-sm text-faint">{row.version}</span></span>
      <span role="cell" className="flex items-center text-muted max-md:hidden"><ShortId id={row.id} /><span className="relative z-[1]"><CopyButton text={row.id} what="the id" /></span></span>
      <span role="cell" className="min-w-0 truncate text-muted max-md:hidden" title={row.subject ?? undefined}>{row.subject}</span>
      <span role="cell" className="text-sm text-muted"><Moment at={row.created_at} /></span>
      <span role="cell" className="text-sm text-muted max-md:hidden"><Took from={row.created_at} to={row.ended_at} /></span>
      <span role="cell" className="min-w-0 truncate text-sm text-muted max-md:hidden" title={row.error ?? undefined}>{row.error}</span>
    </>
  );
}
