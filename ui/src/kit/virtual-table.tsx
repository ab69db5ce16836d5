import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, type JSX, type ReactNode } from "react";

/** Two lines on a phone, one elsewhere. */
const ROW = { wide: 36, narrow: 52 } as const;
const OVERSCAN = 12;

interface VirtualTableProps<R extends { readonly id: string }> {
  readonly label: string;
  readonly rows: readonly R[];
  /** There is more behind those that are loaded. */
  readonly more: boolean;
  /** The columns, as grid tracks. */
  readonly columns: string;
  /** The cells of the head. */
  readonly head: ReactNode;
  /** The row that the keys are at; below 0 none. */
  readonly active: number;
  readonly isSelected: (id: string) => boolean;
  /** The first row on screen, and that the end is near. */
  readonly onScroll?: (first: number, nearEnd: boolean) => void;
  /** The cells of a row. */
  readonly cells: (row: R, index: number) => ReactNode;
}

/** Only the rows on screen exist; how many there are behind them makes no difference. */
export function VirtualTable<R extends { readonly id: string }>({ label, rows, more, columns, head, active, isSelected, onScroll, cells }: VirtualTableProps<R>): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- the virtualizer's functions are called while drawing, as it wants
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => (window.innerWidth < 768 ? ROW.narrow : ROW.wide), overscan: OVERSCAN });
  const items = virtual.getVirtualItems();
  const first = virtual.range?.startIndex ?? 0;
  const nearEnd = (items.at(-1)?.index ?? 0) >= rows.length - 20;
  useEffect(() => onScroll?.(first, nearEnd), [first, nearEnd, rows.length, onScroll]);
  useEffect(() => {
    if (active < 0) return;
    virtual.scrollToIndex(active);
    const link = scroller.current?.querySelector<HTMLAnchorElement>(`[data-index="${String(active)}"] a`);
    link?.focus({ preventScroll: true });
  }, [active, virtual]);
  return (
    <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto rounded border border-line bg-raised" tabIndex={-1}>
      <div role="table" aria-label={label} aria-rowcount={more ? -1 : rows.length + 1}>
        <div role="row" className={`sticky top-0 z-10 grid h-9 items-center gap-x-3 border-b border-line bg-raised pr-3 text-sm text-faint ${columns}`}>{head}</div>
        <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            return (
              <div key={row.id} role="row" aria-rowindex={index + 2} data-index={index} aria-selected={isSelected(row.id)} style={{ transform: `translateY(${String(start)}px)` }}
                className={`absolute inset-x-0 grid h-[52px] items-center gap-x-3 border-b border-line pr-3 md:h-9 ${columns} ${isSelected(row.id) ? "bg-selected" : "hover:bg-hover"}`}>
                {cells(row, index)}
              </div>
            );
          })}
        </div>
        {more && <p className="px-4 py-2 text-sm text-faint" role="status">Reading more</p>}
      </div>
    </div>
  );
}
