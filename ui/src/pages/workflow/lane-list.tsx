import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState, type JSX } from "react";
import { lookOf, Status } from "../../kit/status";
import { Took } from "../../kit/time";
import type { StepState } from "../../model/run/state";
import { exact } from "../../model/time";

interface LaneListProps {
  readonly states: readonly StepState[];
  readonly version: number;
  readonly onLane: (lane: string | undefined) => void;
}

const ROW = 36;

/** A step's lanes: by status first, then each. */
export function LaneList({ states, onLane }: LaneListProps): JSX.Element {
  const [only, setOnly] = useState<string>();
  const scroller = useRef<HTMLDivElement>(null);
  const counts = useMemo(() => {
    const found = new Map<string, number>();
    for (const { status } of states) found.set(status, (found.get(status) ?? 0) + 1);
    return [...found];
  }, [states]);
  const shown = only === undefined ? states : states.filter((state) => state.status === only);
  // eslint-disable-next-line react-hooks/incompatible-library -- the virtualizer's functions are called while drawing, as it wants
  const virtual = useVirtualizer({ count: shown.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 8 });
  return (
    <div className="flex min-h-0 flex-col gap-3">
      <p className="text-muted">It ran in {exact(states.length)} lanes. Choose one to see its data.</p>
      <div className="flex flex-wrap gap-1" role="group" aria-label="Status">
        {counts.map(([status, count]) => {
          const { word, colour, Icon } = lookOf(status);
          return (
            <button key={status} type="button" aria-pressed={only === status} onClick={() => setOnly(only === status ? undefined : status)}
              className={`inline-flex h-6 items-center gap-1 rounded-full border px-2 text-sm ${only === status ? "border-accent bg-selected" : "border-line hover:bg-hover"}`}>
              <Icon size={12} className={colour} />{word} {exact(count)}
            </button>
          );
        })}
      </div>
      <div ref={scroller} className="max-h-[60dvh] min-h-40 overflow-y-auto rounded border border-line" tabIndex={0} role="region" aria-label="Lanes">
        <ul className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const state = shown[index];
            if (state === undefined) return null;
            return (
              <li key={state.lane} className="absolute inset-x-0 h-9 border-b border-line" style={{ transform: `translateY(${String(start)}px)` }}>
                <button type="button" onClick={() => onLane(state.lane)} className="flex h-full w-full items-center gap-3 px-3 text-left hover:bg-hover">
                  <code className="min-w-0 flex-1 truncate">{state.lane}</code>
                  <Status status={state.status} />
                  <span className="w-16 text-right text-sm text-muted">{state.startedAt > 0 && <Took from={state.startedAt} to={state.endedAt} />}</span>
                </button>
              </li>
            );
          })}
        </ul>
      </div>
    </div>
  );
}
