import { useVirtualizer } from "@tanstack/react-virtual";
import { useDeferredValue, useEffect, useMemo, useRef, type JSX } from "react";
import { JsonView } from "../../kit/json-view";
import { Facts } from "../../kit/page";
import { CauseLink } from "../../kit/cause-link";
import { Moment } from "../../kit/time";
import type { Run } from "../../model/run/run";
import type { RunRecord } from "../../model/run/state";
import { clockTime, exact, utc } from "../../model/time";
import { sentence } from "../../model/words";

interface HistoryProps {
  readonly run: Run;
  readonly version: number;
  readonly seq: number;
  readonly isLive: boolean;
  readonly find: string;
  readonly onFind: (text: string) => void;
  readonly onGo: (seq: number) => void;
}

const ROW = 32;

/** Every record in order; those behind the position are faint. */
export function History({ run, version, seq, isLive, find, onFind, onGo }: HistoryProps): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const wanted = useDeferredValue(find.trim().toLowerCase());
  const found = useMemo(() => (wanted === "" ? run.records : run.records.filter((record) => matches(record, wanted))), [run, version, wanted]); // eslint-disable-line react-hooks/exhaustive-deps -- the run is the same object throughout; its version says that it grew
  // eslint-disable-next-line react-hooks/incompatible-library -- the virtualizer's functions are called while drawing, as it wants
  const virtual = useVirtualizer({ count: found.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 12 });
  const place = wanted === "" ? seq - 1 : found.findIndex((record) => record.seq === seq);
  useEffect(() => {
    if (place >= 0) virtual.scrollToIndex(place);
  }, [place, virtual]);
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex items-center gap-3 border-b border-line p-2">
        <input className="field max-w-80" aria-label="Search the history" placeholder="A type, a step, a word of the data" value={find} onChange={(event) => onFind(event.target.value)} />
        <span className="text-sm whitespace-nowrap text-faint" role="status">{wanted === "" ? exact(run.end) : `${exact(found.length)} of ${exact(run.end)}`} records</span>
      </div>
      <div ref={scroller} className="min-h-0 flex-1 overflow-auto" tabIndex={0} role="region" aria-label="Records">
        <ol className="relative md:min-w-[520px]" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const record = found[index];
            if (record === undefined) return null;
            const current = record.seq === seq;
            return (
              <li key={record.seq} className="absolute inset-x-0 h-8 border-b border-line" style={{ transform: `translateY(${String(start)}px)` }}>
                <button type="button" aria-current={current && !isLive ? "true" : undefined} onClick={() => onGo(record.seq)}
                  className={`grid h-full w-full grid-cols-[32px_60px_minmax(0,1.4fr)_minmax(0,1fr)] items-center gap-2 px-3 md:grid-cols-[56px_72px_184px_minmax(100px,0.8fr)_2fr] text-left hover:bg-hover ${current ? "bg-selected" : ""} ${record.seq > seq ? "text-faint" : ""}`}>
                  <span className="text-right font-mono text-xs text-faint">{record.seq}</span>
                  <span className="text-sm text-faint" title={utc(Date.parse(record.at))}>{clockTime(Date.parse(record.at))}</span>
                  <span className={`truncate font-medium ${colourOf(record.type)}`}>{record.type}</span>
                  <span className="truncate">{record.step}{record.lane != null && <span className="text-sm text-faint"> {record.lane}</span>}</span>
                  <span className="truncate text-sm text-muted max-md:hidden">{sentence(record)}</span>
                </button>
              </li>
            );
          })}
        </ol>
      </div>
    </div>
  );
}

function matches(record: RunRecord, wanted: string): boolean {
  const words = `${record.type} ${record.step ?? ""} ${record.lane ?? ""} ${record.actor ?? ""}`.toLowerCase();
  return words.includes(wanted) || JSON.stringify(record.data).toLowerCase().includes(wanted);
}

function colourOf(type: string): string {
  if (/failed|failing|stuck/.test(type)) return "text-failed";
  if (/^instance-(?:retried|restored|migrated)|^restore-|^steps-taken/.test(type)) return "text-accent-text";
  if (/^compensation|compensated/.test(type)) return "text-undone";
  if (/^decision-(?:requested|made)/.test(type)) return "text-human";
  if (/completed/.test(type)) return "text-completed";
  return "";
}

/** One record, whole. */
export function RecordPanel({ record }: { readonly record: RunRecord }): JSX.Element {
  return (
    <div className="flex flex-col gap-3">
      <Facts items={[
        ["Record", exact(record.seq)], ["When", <Moment key="at" at={record.at} />], ["Step", record.step ?? "none"],
        ...(record.lane == null ? [] : [["Lane", record.lane] as const]), ...(record.actor == null ? [] : [["Who", record.actor] as const]),
        ...(record.cause == null ? [] : [["Cause", <CauseLink key="cause" cause={record.cause} />] as const]),
      ]} />
      <JsonView value={record.data} label="the record's data" />
    </div>
  );
}
