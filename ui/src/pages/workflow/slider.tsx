import type { JSX } from "react";
import { Button, IconButton } from "../../kit/button";
import * as icons from "../../kit/icons";
import type { Run } from "../../model/run/run";
import { clockTime, exact, utc } from "../../model/time";
import type { Position } from "./position";

interface SliderProps {
  readonly run: Run;
  readonly position: Position;
}

/** The slider over the history; graph, data and history move with it. */
export function Slider({ run, position: { seq, isLive, go } }: SliderProps): JSX.Element {
  const at = run.timeAt(seq);
  const type = run.records[seq - 1]?.type ?? "";
  return (
    <div className="flex min-w-0 flex-1 items-center gap-1.5 basis-80">
      <IconButton label="One record back ( ← )" disabled={seq <= 1} onClick={() => go(seq - 1)}><icons.Left /></IconButton>
      <input type="range" min={Math.min(1, run.end)} max={run.end} value={seq} onChange={(event) => go(Number(event.target.value))} aria-label="Position in the history"
        aria-valuetext={`record ${String(seq)} of ${String(run.end)}, ${type}`} className="h-8 min-w-16 flex-1 accent-(--accent)" />
      <IconButton label="One record forward ( → )" disabled={seq >= run.end} onClick={() => go(seq + 1)}><icons.Right /></IconButton>
      <span className="w-[164px] shrink-0 text-right text-sm whitespace-nowrap text-muted max-sm:w-auto" title={at > 0 ? utc(at) : undefined}>
        {exact(seq)} of {exact(run.end)}{at > 0 && <span className="text-faint max-sm:hidden"> · {clockTime(at)}</span>}
      </span>
      <Button small look={isLive ? "quiet" : "main"} disabled={isLive} onClick={() => go(undefined)} className="w-14 shrink-0">Live</Button>
    </div>
  );
}
