import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, type JSX } from "react";
import type { Decision } from "../../api/client";
import * as icons from "../../kit/icons";
import { Moment } from "../../kit/time";
import { member, text } from "../../model/json";

interface DecisionListProps {
  readonly items: readonly Decision[];
  readonly current: string | undefined;
  readonly selected: ReadonlySet<string>;
  readonly selectable: boolean;
  readonly onOpen: (id: string) => void;
  readonly onToggle: (id: string) => void;
  readonly onToggleAll: () => void;
}

const ROW = 60;

function errorOf({ data, prompt }: Decision): string {
  const error = member(data ?? null, "error");
  const words = [text(error, "type"), text(error, "message")].filter((part) => part !== "").join(": ");
  return words === "" ? prompt : words;
}

export function DecisionList({ items, current, selected, selectable, onOpen, onToggle, onToggleAll }: DecisionListProps): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- the virtualizer's functions are called while drawing, as it wants
  const virtual = useVirtualizer({ count: items.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 8 });
  const index = items.findIndex((item) => item.id === current);
  useEffect(() => {
    if (index >= 0) virtual.scrollToIndex(index);
  }, [index, virtual]);
  return (
    <section aria-label="List of decisions" className="flex min-h-0 flex-col rounded border border-line bg-raised">
      {selectable && (
        <label className="flex h-9 shrink-0 items-center gap-3 border-b border-line px-3 text-sm text-faint">
          <input type="checkbox" checked={items.every((item) => selected.has(item.id))} onChange={onToggleAll} />All
        </label>
      )}
      <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto">
        <ul className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index: place, start }) => {
            const item = items[place];
            if (item === undefined) return null;
            const undo = item.kind.startsWith("compensation-");
            return (
              <li key={item.id} style={{ transform: `translateY(${String(start)}px)` }} className={`absolute inset-x-0 flex h-[60px] items-center border-b border-line ${item.id === current ? "bg-selected" : "hover:bg-hover"}`}>
                {selectable && <span className="flex w-10 justify-center"><input type="checkbox" aria-label={`Select ${item.step} of ${item.workflow}`} checked={selected.has(item.id)} onChange={() => onToggle(item.id)} /></span>}
                <button type="button" aria-current={item.id === current ? "true" : undefined} onClick={() => onOpen(item.id)} className={`flex h-full min-w-0 flex-1 flex-col justify-center text-left ${selectable ? "pr-3" : "px-3"}`}>
                  <span className="flex w-full items-center gap-2">
                    {undo ? <icons.Octagon size={14} className="text-failed" /> : <icons.Hand size={14} className="text-human" />}
                    <span className="min-w-0 flex-1 truncate font-medium">{undo ? "undo of " : ""}{item.step}</span>
                    <span className="text-sm text-muted"><Moment at={item.requested_at} /></span>
                  </span>
                  <span className="w-full truncate text-sm text-muted">{item.workflow} · {errorOf(item)}</span>
                </button>
              </li>
            );
          })}
        </ul>
      </div>
    </section>
  );
}
