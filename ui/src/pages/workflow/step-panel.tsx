import { useQuery } from "@tanstack/react-query";
import { useState, type JSX } from "react";
import { explanationQuery } from "../../api/queries";
import { JsonView } from "../../kit/json-view";
import { Facts } from "../../kit/page";
import { RunLink } from "../../kit/run-link";
import { Status } from "../../kit/status";
import { Moment, Took } from "../../kit/time";
import type { Flow, FlowStep } from "../../model/flow";
import type { Json } from "../../model/json";
import type { Run } from "../../model/run/run";
import { keyOf } from "../../model/run/steps";
import type { Segment, StepError, StepState } from "../../model/run/state";
import { undoOf } from "../../model/summary";
import { duration } from "../../model/time";
import { ChildBox } from "./child-box";
import { LaneList } from "./lane-list";
import { ReplayFrom } from "./past/here";
import { StepVerbs } from "./step-verbs";

interface StepPanelProps {
  readonly id: string;
  readonly run: Run;
  readonly version: number;
  readonly seq: number;
  readonly step: string;
  readonly lane: string | undefined;
  readonly definition: FlowStep | undefined;
  readonly flow: Flow | undefined;
  readonly onLane: (lane: string | undefined) => void;
}

/** All about one step at the position: what it got, gave and went through. */
export function StepPanel({ id, run, version, seq, step, lane, definition, flow, onLane }: StepPanelProps): JSX.Element {
  const states = run.statesOf(step, seq);
  const chosen = states.length === 1 ? states[0] : states.find((state) => state.lane === lane);
  if (states.length === 0) {
    return (
      <div className="flex flex-col gap-4">
        <p className="text-muted">It has not begun at this position.</p>
        {definition !== undefined && <Definition definition={definition} name={run.started?.workflow ?? ""} version={run.instance.at(seq).version} />}
      </div>
    );
  }
  if (chosen === undefined) return <LaneList states={states} version={version} onLane={onLane} />;
  return (
    <div className="flex flex-col gap-5">
      {states.length > 1 && <button type="button" className="self-start rounded text-accent-text hover:underline" onClick={() => onLane(undefined)}>All {states.length} lanes</button>}
      <StateFacts state={chosen} />
      {seq === run.end && <StepVerbs id={id} state={chosen} />}
      <ReplayFrom id={id} run={run} flow={flow} step={chosen.lane === "" ? step : ""} />
      {chosen.child !== undefined && <ChildBox child={chosen.child} />}
      {chosen.error !== undefined && <ErrorBox error={chosen.error} />}
      <Attempts segments={run.steps.find(keyOf(chosen.lane, step))?.segments ?? []} seq={seq} />
      {(chosen.input !== null || definition?.kind === "adapter") && <Value title="Input" value={chosen.input ?? run.started?.input ?? null} />}
      {(chosen.output !== null || chosen.status === "completed") && <Value title="Output" value={chosen.output} />}
      {chosen.undo?.input != null && <Value title="Input of the undo" value={chosen.undo.input} />}
      {definition !== undefined && <Definition definition={definition} name={run.started?.workflow ?? ""} version={run.instance.at(seq).version} />}
    </div>
  );
}

function StateFacts({ state }: { readonly state: StepState }): JSX.Element {
  const { plan } = state;
  const undo = undoOf(state);
  const rows: (readonly [string, JSX.Element | string])[] = [
    ["Status", <span key="status" className="inline-flex flex-wrap gap-x-3"><Status status={state.status} />{state.caught && <span className="text-muted">caught</span>}{state.expired && <span className="text-muted">its time was over</span>}</span>],
    ["Began", state.startedAt > 0 ? <Moment key="began" at={state.startedAt} /> : "not yet"],
    ["Took", state.startedAt > 0 ? <Took key="took" from={state.startedAt} to={state.endedAt} /> : "nothing yet"],
  ];
  if (state.lane !== "") rows.push(["Lane", <code key="lane">{state.lane}</code>]);
  if (plan !== undefined) rows.push(["Calls", [plan.adapter, plan.action].filter((part) => part !== "").join(" · ")]);
  if (state.takenFrom !== "") rows.push(["Done in", <RunLink key="taken" id={state.takenFrom} step={state.step}>run</RunLink>]);
  if (state.attempt > 0) rows.push(["Attempts", `${String(state.attempt)}${plan !== undefined && plan.maxAttempts > 0 ? ` of at most ${String(plan.maxAttempts)}` : ""}${state.generation > 1 ? `, run ${String(state.generation)}` : ""}`]);
  if (state.signal !== "") rows.push(["Signal", <code key="signal">{state.signal}</code>]);
  if (undo !== "none") rows.push(["Undo", <Status key="undo" status={undo === "done" ? "undone" : undo === "failed" ? "failed" : state.undo?.busy === "decision" ? "deciding" : "undoing"} />]);
  return <Facts items={rows} />;
}

function ErrorBox({ error }: { readonly error: StepError }): JSX.Element {
  return (
    <section className="tint-failed flex flex-col gap-2 rounded border border-failed/40 p-3">
      <p><code className="font-semibold text-failed">{error.type}</code> <span className="break-words">{error.message}</span></p>
      <JsonView value={error.whole} label="the error" />
    </section>
  );
}

const WORDS: Readonly<Record<Segment["busy"], string>> = {
  nothing: "", call: "call", callback: "waits for a call back", retry: "pause before the next attempt", timer: "waits", signal: "waits for a signal", child: "child", lanes: "lanes", decision: "a person decides",
};

const OUTCOMES: Readonly<Record<Segment["outcome"], string>> = { open: "running", completed: "completed", failed: "failed", cancelled: "cancelled" };

function Attempts({ segments, seq }: { readonly segments: readonly Segment[]; readonly seq: number }): JSX.Element | null {
  const seen = segments.filter((segment) => segment.fromSeq <= seq && segment.busy !== "lanes");
  if (seen.length === 0) return null;
  return (
    <section className="flex flex-col gap-1.5">
      <h3 className="text-sm font-semibold text-muted">What happened</h3>
      <ol className="flex flex-col overflow-hidden rounded border border-line">
        {seen.map((segment) => <AttemptRow key={`${String(segment.fromSeq)}${segment.busy}`} segment={segment} over={segment.toSeq <= seq} />)}
      </ol>
    </section>
  );
}

function AttemptRow({ segment, over }: { readonly segment: Segment; readonly over: boolean }): JSX.Element {
  const [open, setOpen] = useState(false);
  const isCall = segment.busy === "call" || segment.busy === "child";
  const what = `${segment.ofUndo ? "undo, " : ""}${WORDS[segment.busy]}${isCall ? ` ${String(segment.attempt)}` : ""}`;
  const details = over && segment.exchange !== null;
  return (
    <li className="border-b border-line px-3 py-1.5 last:border-b-0">
      <div className="flex flex-wrap items-center gap-x-3">
        <span className="min-w-0 flex-1">{what}</span>
        {isCall && <Status status={over ? OUTCOMES[segment.outcome] : "running"} />}
        <span className="w-20 text-right text-sm text-muted">{over ? duration(segment.to - segment.from) : <Took from={segment.from} />}</span>
      </div>
      {over && segment.error !== undefined && <p className="text-sm break-words text-muted">{segment.error.type}: {segment.error.message}</p>}
      {details && <button type="button" aria-expanded={open} className="rounded text-sm text-accent-text hover:underline" onClick={() => setOpen(!open)}>{open ? "Hide the exchange" : "Request and response"}</button>}
      {open && details && <div className="mt-1"><JsonView value={segment.exchange} label="the exchange" /></div>}
    </li>
  );
}

function Value({ title, value }: { readonly title: string; readonly value: Json }): JSX.Element {
  return (
    <section className="flex flex-col gap-1.5">
      <h3 className="text-sm font-semibold text-muted">{title}</h3>
      <JsonView value={value} label={title.toLowerCase()} />
    </section>
  );
}

/** What the definition says of it, and which retry and time-out hold and why. */
function Definition({ definition, name, version }: { readonly definition: FlowStep; readonly name: string; readonly version: string }): JSX.Element {
  const [open, setOpen] = useState(false);
  const explained = useQuery({ ...explanationQuery(name, version), enabled: open && name !== "" }).data?.steps.find((step) => step.id === definition.id);
  return (
    <section className="flex flex-col gap-1.5">
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} className="self-start rounded text-sm font-semibold text-muted hover:text-ink">{open ? "Hide" : "Show"} its definition, retry and time-out</button>
      {open && explained !== undefined && (
        <table className="w-full text-left text-sm">
          <caption className="sr-only">Which values hold, and where they come from</caption>
          <thead><tr className="text-faint"><th className="py-1 font-normal">Value</th><th className="font-normal">Holds</th><th className="font-normal">From</th></tr></thead>
          <tbody>
            {explained.values.map((value) => (
              <tr key={value.name} className="border-t border-line"><td className="py-1">{value.name}</td><td><code>{JSON.stringify(value.value)}</code></td><td className="text-muted">{value.from}</td></tr>
            ))}
          </tbody>
        </table>
      )}
      {open && <JsonView value={definition.document} label="the definition" />}
    </section>
  );
}
