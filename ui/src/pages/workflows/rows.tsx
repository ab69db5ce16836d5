import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, type JSX } from "react";
import type { InstanceSummary } from "../../api/client";
import * as icons from "../../kit/icons";
import { ShortId } from "../../kit/id";
import { Status } from "../../kit/status";
import { Moment, Took } from "../../kit/time";

/** Two lines on a phone, one elsewhere. */
const ROW = { wide: 36, narrow: 52 } as const;
const OVERSCAN = 12;

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

/** Only the rows on screen exist; how many there are behind them makes no difference. */
export function Rows({ rows, more, isSelected, active, onSelect, onSelectAll, onScroll }: RowsProps): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- the virtualizer's functions are called while drawing, as it wants
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => (window.innerWidth < 768 ? ROW.narrow : ROW.wide), overscan: OVERSCAN });
  const items = virtual.getVirtualItems();
  const first = virtual.range?.startIndex ?? 0;
  const nearEnd = (items.at(-1)?.index ?? 0) >= rows.length - 20;
  useEffect(() => onScroll(first, nearEnd), [first, nearEnd, rows.length, onScroll]);
  useEffect(() => {
    if (active < 0) return;
    virtual.scrollToIndex(active);
    const link = scroller.current?.querySelector<HTMLAnchorElement>(`[data-index="${String(active)}"] a`);
    link?.focus({ preventScroll: true });
  }, [active, virtual]);
  const all = rows.length > 0 && rows.every((row) => isSelected(row.id));
  return (
    <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto rounded border border-line bg-raised" tabIndex={-1}>
      <div role="table" aria-label="Workflows" aria-rowcount={more ? -1 : rows.length + 1}>
        <div role="row" className={`sticky top-0 z-10 grid h-9 items-center gap-x-3 border-b border-line bg-raised pr-3 text-sm text-faint ${COLUMNS}`}>
          <span role="columnheader" className="flex justify-center"><input type="checkbox" aria-label="Select all rows that are loaded" checked={all} onChange={onSelectAll} /></span>
          <span role="columnheader">Status</span>
          <span role="columnheader" className="max-md:hidden">Workflow</span>
          <span role="columnheader" className="max-md:hidden">Id</span>
          <span role="columnheader" className="max-md:hidden">Subject</span>
          <span role="columnheader" className="max-md:hidden">Started</span>
          <span role="columnheader" className="max-md:hidden">Took</span>
          <span role="columnheader" className="max-md:hidden">Error</span>
        </div>
        <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            return (
              <div key={row.id} role="row" aria-rowindex={index + 2} data-index={index} aria-selected={isSelected(row.id)} style={{ transform: `translateY(${String(start)}px)` }}
                className={`absolute inset-x-0 grid h-[52px] items-center md:h-9 gap-x-3 border-b border-line pr-3 ${COLUMNS} ${isSelected(row.id) ? "bg-selected" : "hover:bg-hover"}`}>
                <InstanceRow row={row} isSelected={isSelected(row.id)} onSelect={(range) => onSelect(row.id, index, range)} />
              </div>
            );
          })}
        </div>
        {more && <p className="px-4 py-2 text-sm text-faint" role="status">Reading more</p>}
      </div>
    </div>
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
      <span role="cell" className="text-muted max-md:hidden"><ShortId id={row.id} /></span>
      <span role="cell" className="min-w-0 truncate text-muted max-md:hidden" title={row.subject ?? undefined}>{row.subject}</span>
      <span role="cell" className="text-sm text-muted"><Moment at={row.created_at} /></span>
      <span role="cell" className="text-sm text-muted max-md:hidden"><Took from={row.created_at} to={row.ended_at} /></span>
      <span role="cell" className="min-w-0 truncate text-sm text-muted max-md:hidden" title={row.error ?? undefined}>{row.error}</span>
    </>
  );
}
