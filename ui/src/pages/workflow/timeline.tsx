import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, type JSX } from "react";
import { useNow } from "../../kit/clock";
import { lookOf } from "../../kit/status";
import type { Run } from "../../model/run/run";
import type { Segment, Turn } from "../../model/run/state";
import type { StepLine } from "../../model/run/steps";
import { clockTime, duration } from "../../model/time";
import { isOpen } from "../../model/status";

interface TimelineProps {
  readonly run: Run;
  readonly version: number;
  readonly seq: number;
  readonly isLive: boolean;
  readonly selected: string | undefined;
  readonly onStep: (step: string, lane: string) => void;
}

const ROW = 32;
const TICKS = 5;

/** One row a step and lane; what it spent its time on, one stretch after the other. */
export function Timeline({ run, version, seq, isLive, selected, onStep }: TimelineProps): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const now = useNow();
  const lines = useMemo(() => [...run.seen(seq)], [run, seq, version]); // eslint-disable-line react-hooks/exhaustive-deps -- the run is the same object throughout; its version says that it grew
  // eslint-disable-next-line react-hooks/incompatible-library -- the virtualizer's functions are called while drawing, as it wants
  const virtual = useVirtualizer({ count: lines.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 10 });
  const turns = run.turns.filter((turn) => turn.seq <= seq);
  const from = run.started?.at ?? 0;
  const still = isLive && isOpen(run.instance.at(seq).status);
  const to = Math.max(from + 1, still ? now : run.timeAt(seq));
  return (
    <div ref={scroller} className="h-full overflow-auto" tabIndex={0} role="region" aria-label="Timeline">
      <div className="min-w-[560px]">
        <div className="sticky top-0 z-10 grid h-8 grid-cols-[minmax(140px,24%)_1fr] border-b border-line bg-raised text-xs text-faint">
          <span className="px-3 leading-8">Step</span>
          <span className="relative mr-16">
            {Array.from({ length: TICKS }, (_, index) => {
              const part = index / (TICKS - 1);
              return <span key={index} className="absolute leading-8 whitespace-nowrap" style={{ left: `${String(100 * part)}%`, transform: `translateX(-${String(100 * part)}%)` }}>{index === 0 ? clockTime(from) : `+${duration((to - from) * part)}`}</span>;
            })}
          </span>
        </div>
        <ul className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const line = lines[index];
            if (line === undefined) return null;
            const state = line.states.at(seq);
            return (
              <li key={line.key} className="absolute inset-x-0 h-8 border-b border-line" style={{ transform: `translateY(${String(start)}px)` }}>
                <button type="button" onClick={() => onStep(state.step, state.lane)} className={`grid h-full w-full grid-cols-[minmax(140px,24%)_1fr] items-center text-left hover:bg-hover ${line.key === selected ? "bg-selected" : ""}`}>
                  <Name step={state.step} lane={state.lane} status={state.status} />
                  <span className="relative mr-16 h-full"><Turns turns={turns} from={from} to={to} /><Bars line={line} seq={seq} from={from} to={to} /></span>
                </button>
              </li>
            );
          })}
        </ul>
      </div>
    </div>
  );
}

function Name({ step, lane, status }: { readonly step: string; readonly lane: string; readonly status: string }): JSX.Element {
  const { Icon, colour, word } = lookOf(status);
  const depth = lane === "" ? 0 : lane.split("/").length;
  return (
    <span className="flex min-w-0 items-center gap-2 pr-2" style={{ paddingLeft: 12 + 12 * Math.min(depth, 4) }}>
      <span className={colour} title={word}><Icon size={12} /></span>
      <span className="truncate">{step}{lane !== "" && <span className="text-xs text-faint"> {/\[(\d+)\]$/.exec(lane)?.[0]}</span>}</span>
      <span className="sr-only">{word}</span>
    </span>
  );
}

const COLOURS: Readonly<Record<Segment["busy"], string>> = {
  nothing: "", call: "bg-running", callback: "bg-waiting/70", retry: "stripes text-waiting", timer: "bg-waiting/60", signal: "bg-waiting/60", child: "bg-accent/70", lanes: "bg-idle/25",
  decision: "bg-human",
};

function colourOf(segment: Segment, over: boolean): string {
  if (segment.ofUndo && segment.busy !== "decision") return segment.outcome === "failed" && over ? "bg-failed" : "bg-undone";
  if (segment.busy !== "call") return COLOURS[segment.busy];
  if (!over) return "bg-running";
  return segment.outcome === "failed" ? "bg-failed" : segment.outcome === "cancelled" ? "bg-idle" : "bg-completed";
}

const WORDS: Readonly<Record<Segment["busy"], string>> = {
  nothing: "", call: "call", callback: "waits for a call back", retry: "waits for the next attempt", timer: "waits", signal: "waits for a signal", child: "child workflow", lanes: "lanes",
  decision: "waits for a person",
};

const TURN_WORDS: Readonly<Record<string, string>> = {
  "instance-retried": "retried", "instance-restored": "restored", "instance-migrated": "migrated to another version", "steps-taken": "took steps of another run",
};

/** Where the run went on from another state: a line through all rows. */
function Turns({ turns, from, to }: { readonly turns: readonly Turn[]; readonly from: number; readonly to: number }): JSX.Element[] {
  return turns.map(({ seq, at, type }) => (
    <span key={seq} title={`${TURN_WORDS[type] ?? type} ${clockTime(at)}`} className="absolute inset-y-0 w-0.5 bg-accent/60" style={{ left: `${String((100 * (at - from)) / (to - from))}%` }} />
  ));
}

function Bars({ line, seq, from, to }: { readonly line: StepLine; readonly seq: number; readonly from: number; readonly to: number }): JSX.Element {
  const whole = to - from;
  const seen = line.segments.filter((segment) => segment.fromSeq <= seq);
  const last = seen.at(-1);
  const state = line.states.at(seq);
  const end = state.endedAt > 0 ? state.endedAt : to;
  const placed = (at: number): string => `${String(Math.min(100, (100 * (at - from)) / whole))}%`;
  // What is computed at once has a moment, but spends no time.
  if (last === undefined) return <span className="absolute top-3 size-2 rotate-45 rounded-[1px] bg-completed" title="at once" style={{ left: placed(state.startedAt) }} />;
  return (
    <>
      {seen.map((segment) => {
        const over = segment.toSeq <= seq;
        const [start, stop] = [segment.from, over ? segment.to : to];
        const title = `${segment.ofUndo ? "undo: " : ""}${WORDS[segment.busy]}${segment.busy === "call" ? ` ${String(segment.attempt)}` : ""}, ${duration(stop - start)}${segment.error === undefined || !over ? "" : `, ${segment.error.type}`}`;
        return <span key={`${String(segment.fromSeq)}${segment.busy}${String(segment.ofUndo)}`} title={title} className={`absolute top-2.5 h-3 min-w-[3px] rounded-[2px] ${colourOf(segment, over)}`} style={{ left: placed(start), width: `${String((100 * (stop - start)) / whole)}%` }} />;
      })}
      <span className="figures absolute top-2 pl-1.5 text-xs whitespace-nowrap text-faint" style={{ left: placed(last.toSeq <= seq ? last.to : to) }}>{duration(end - (state.startedAt || last.from))}</span>
    </>
  );
}
