import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import { useNow } from "../../kit/clock";
import * as icons from "../../kit/icons";
import { ShortId } from "../../kit/id";
import type { Reason } from "../../model/waiting";
import { clockTime, exact, span } from "../../model/time";
import { Answers } from "../decisions/answers";

interface WhyProps {
  readonly reasons: readonly Reason[];
  readonly total: number;
  /** Past states are told, not acted on. */
  readonly isLive: boolean;
  readonly at: number;
  readonly onStep: (step: string, lane: string) => void;
}

/** Why it does not move, in a sentence each, with what can be done beside it. */
export function Why({ reasons, total, isLive, at, onStep }: WhyProps): JSX.Element {
  const queries = useQueryClient();
  return (
    <ul className="flex flex-col gap-1.5" aria-label="What it waits for">
      {reasons.map((reason) => (
        <li key={`${reason.step}|${reason.busy}|${String(reason.ofUndo)}`} className={`flex min-h-10 flex-wrap items-center gap-x-3 gap-y-1 rounded border px-3 py-1 ${reason.busy === "decision" ? "border-human/40 tint-human" : "border-line bg-raised"}`}>
          <ReasonIcon reason={reason} />
          <span className="min-w-0 flex-1 basis-64"><Sentence reason={reason} now={isLive ? undefined : at} onStep={onStep} /></span>
          {isLive && reason.decisionIds.length > 0 && (
            <Answers ids={reason.decisionIds} what={reason.step} ofUndo={reason.ofUndo} onAnswered={() => void queries.invalidateQueries({ queryKey: ["decisions"] })} />
          )}
        </li>
      ))}
      {total > reasons.length && <li className="px-3 text-sm text-faint">and {exact(total - reasons.length)} more reasons</li>}
    </ul>
  );
}

function ReasonIcon({ reason: { busy, ofUndo } }: { readonly reason: Reason }): JSX.Element {
  if (busy === "decision") return <icons.Hand className="text-human" />;
  if (ofUndo) return <icons.Back className="text-undone" />;
  if (busy === "call" || busy === "child") return <icons.Running className="turning text-running" />;
  return busy === "retry" ? <icons.Loop className="text-waiting" /> : <icons.Hourglass className="text-waiting" />;
}

interface SentenceProps {
  readonly reason: Reason;
  /** The moment that is looked at; undefined: now. */
  readonly now: number | undefined;
  readonly onStep: (step: string, lane: string) => void;
}

function Sentence({ reason, now, onStep }: SentenceProps): JSX.Element {
  const present = useNow();
  const at = now ?? present;
  const { step, lanes, plan, error, dueAt, child } = reason;
  const lane = lanes > 1 ? "" : reason.lane;
  const name = (
    <button type="button" onClick={() => onStep(step, lane)} className="rounded font-medium underline decoration-line-strong underline-offset-2 hover:decoration-current">{step}{lane !== "" && ` (${lane})`}{lanes > 1 && ` in ${exact(lanes)} lanes`}</button>
  );
  const subject = reason.ofUndo ? <>the undo of {name}</> : name;
  const callee = plan === undefined ? "the other side" : plan.adapter;
  const passed = span(at - reason.since);
  const due = dueAt <= 0 ? "" : dueAt > at ? `in ${span(dueAt - at)}` : "now";
  const ofMost = plan !== undefined && plan.maxAttempts > 0 ? ` of ${exact(plan.maxAttempts)}` : "";
  switch (reason.busy) {
    case "call":
      return <>Waiting {passed} for <strong className="font-medium">{callee}</strong>: attempt {reason.attempt}{ofMost} of {subject}</>;
    case "retry":
      return <>Attempt {reason.attempt + 1}{ofMost} of {subject} at {callee} {due === "" ? "soon" : due}{dueAt > 0 && ` (${clockTime(dueAt)})`}{error !== undefined && <span className="text-muted"> after {error.type}: {error.message}</span>}</>;
    case "callback":
      return <>{callee} took {subject} {passed} ago and will call back{due !== "" && `, given up ${due}`}</>;
    case "timer":
      return <>{subject} waits {dueAt > 0 ? <>until {clockTime(dueAt)} ({due})</> : <>for {passed}</>}</>;
    case "child":
      return <>Waiting {passed} for {child === undefined ? "a workflow" : <>{child.workflow} <Link to="/workflows/$id" params={{ id: child.id }} className="text-accent-text underline"><ShortId id={child.id} /></Link></>}, started by {subject}</>;
    case "decision":
      return <>{subject} {reason.ofUndo ? "could not be undone" : "failed for good"} and waits {passed} for a person{error !== undefined && <span className="text-muted"> ({error.type}: {error.message})</span>}</>;
  }
}
