import { useQuery } from "@tanstack/react-query";
import { useState, type JSX } from "react";
import { instanceQuery } from "../../api/queries";
import { Button } from "../../kit/button";
import { useNow } from "../../kit/clock";
import * as icons from "../../kit/icons";
import { RunLink } from "../../kit/run-link";
import { lookOf } from "../../kit/status";
import { Moment } from "../../kit/time";
import { text } from "../../model/json";
import type { InstanceState, Pause } from "../../model/run/state";
import type { Reason } from "../../model/waiting";
import { clockTime, exact, span } from "../../model/time";
import { Answers, useAnswering } from "../decisions/answers";
import { SignalDialog } from "./signal-dialog";
import { VerbDialog, type Verb } from "./step-verbs";

interface WhyProps {
  readonly id: string;
  readonly reasons: readonly Reason[];
  readonly total: number;
  /** Past states are told, not acted on. */
  readonly isLive: boolean;
  readonly at: number;
  /** How it stands; undefined: that is not known yet. */
  readonly instance: InstanceState | undefined;
  readonly onStep: (step: string, lane: string) => void;
}

/**
 * Why it does not move, in a sentence, with what can be done beside it; or how it ended. One line is always there, so
 * that nothing below moves when it changes; the others are shown on demand.
 */
export function Why({ id, reasons, total, isLive, at, instance, onStep }: WhyProps): JSX.Element {
  const { ask, dialog } = useAnswering();
  const [all, setAll] = useState(false);
  const [signal, setSignal] = useState<string>();
  const [asked, setAsked] = useState<{ readonly verb: Verb; readonly state: { readonly step: string; readonly lane: string } }>();
  const held = useHeld(id, isLive && reasons.some(({ busy }) => busy === "call"));
  const line = "flex min-h-10 flex-wrap items-center gap-x-3 gap-y-1 rounded border px-3 py-1 md:h-10 md:flex-nowrap";
  if (reasons.length === 0 || instance?.pause !== undefined) return <><div className={`${line} border-line bg-raised`}>{instance !== undefined && <Outcome instance={instance} onStep={onStep} />}</div>{dialog}</>;
  return (
    <>
      <ul className="flex flex-col gap-1.5" aria-label="What it waits for">
        {(all ? reasons : reasons.slice(0, 1)).map((reason, index) => (
          <li key={`${reason.step}|${reason.busy}|${String(reason.ofUndo)}|${reason.signal}`} className={`${line} ${reason.busy === "decision" ? "border-human/40 tint-human" : "border-line bg-raised"}`}>
            <ReasonIcon reason={reason} />
            <span className="min-w-0 flex-1 basis-64 max-md:line-clamp-3 md:truncate" title={reason.error?.message}><Sentence reason={reason} now={isLive ? undefined : at} held={held.get(reason.step)} onStep={onStep} /></span>
            {isLive && reason.decisionIds.length > 0 && (
              <Answers question={{ ids: reason.decisionIds, what: reason.step, kind: reason.decisionKind }} onAsk={ask} />
            )}
            {isLive && reason.lanes === 1 && !reason.ofUndo && reason.busy === "retry" && (
              <span className="flex shrink-0 gap-1.5">
                <Button small look="main" title="Its next attempt is made at once" onClick={() => setAsked({ verb: "retry", state: reason })}>Retry now</Button>
                <Button small title="It is left out, and the workflow goes on" onClick={() => setAsked({ verb: "skip", state: reason })}>Skip</Button>
              </span>
            )}
            {isLive && reason.busy === "signal" && <Button small look="main" onClick={() => setSignal(reason.signal)}>Send it</Button>}
            {index === 0 && total > 1 && <Button small look="quiet" aria-expanded={all} onClick={() => setAll(!all)}>{all ? "Only the first" : `${exact(total - 1)} more`}</Button>}
          </li>
        ))}
        {all && total > reasons.length && <li className="px-3 text-sm text-faint">and {exact(total - reasons.length)} more reasons</li>}
      </ul>
      {dialog}
      {asked !== undefined && <VerbDialog id={id} {...asked} onClose={() => setAsked(undefined)} />}
      {signal !== undefined && <SignalDialog id={id} name={signal} onClose={() => setSignal(undefined)} />}
    </>
  );
}

/** How it ended, or that it is between two records. */
function Outcome({ instance: { status, error, endedAt, pause, turnSince }, onStep }: { readonly instance: InstanceState; readonly onStep: (step: string, lane: string) => void }): JSX.Element {
  const { Icon, colour } = lookOf(status);
  const path = (text(error?.whole ?? null, "step") || "").split("/");
  const step = path.at(-1) ?? "";
  const ended = endedAt > 0 && <> <Moment at={endedAt} /></>;
  const words: Readonly<Record<string, string>> = { completed: "It completed", cancelled: "It was cancelled", failed: "It failed", compensated: "It failed, and what it had done was undone" };
  return (
    <>
      <span className={colour}><Icon /></span>
      <span className="min-w-0 flex-1 truncate">
        {pause !== undefined ? <Paused pause={pause} /> : status === "queued" ? (turnSince > 0 ? <>It waits for its turn under the limit of its workflow, since <Moment at={turnSince} />.</> : "It was started for a later time, and waits for that.") : words[status] === undefined ? "It goes on at once." : <>{words[status]}{ended}</>}
        {error !== undefined && words[status] !== undefined && (
          <>: {step !== "" && <button type="button" onClick={() => onStep(step, path.slice(0, -1).join("/"))} className="rounded font-medium underline decoration-line-strong underline-offset-2 hover:decoration-current">{step}</button>} <span className="text-muted" title={error.message}>{error.type}: {error.message}</span></>
        )}
      </span>
    </>
  );
}

function Paused({ pause: { since, by, reason } }: { readonly pause: Pause }): JSX.Element {
  return <>Paused <Moment at={since} />{by !== "" && ` by ${by}`}{reason !== "" && <span className="text-muted">: {reason}</span>}. Nothing new begins until it is resumed.</>;
}

function ReasonIcon({ reason: { busy, ofUndo } }: { readonly reason: Reason }): JSX.Element {
  if (busy === "decision") return <icons.Hand className="text-human" />;
  if (ofUndo) return <icons.Back className="text-undone" />;
  if (busy === "call" || busy === "child") return <icons.Running className="turning text-running" />;
  return busy === "retry" ? <icons.Loop className="text-waiting" /> : <icons.Hourglass className="text-waiting" />;
}

const DECISION_WORDS: Readonly<Record<string, string>> = {
  approval: "is held back", question: "asks", exhausted: "failed for good", "compensation-failed": "could not be undone",
  "compensation-approval": "may not be undone yet",
};

/** That a call has not gone out: a limit, a rate, a breaker or somebody holds it back. */
interface Held {
  readonly what: string;
  readonly until: number;
}

const HELD_KINDS = ["limit", "rate", "breaker", "paused"];
const HELD_EVERY = 2_000;

/** Calls that are held back, by their step. No record tells that: it is asked for. */
function useHeld(id: string, enabled: boolean): ReadonlyMap<string, Held> {
  const waits = useQuery({ ...instanceQuery(id), enabled, refetchInterval: HELD_EVERY }).data?.waiting_for ?? [];
  return new Map((enabled ? waits : []).flatMap(({ kind, step, what, until }): [string, Held][] => (
    step == null || !HELD_KINDS.includes(kind) ? [] : [[step, { what: what.replace(`${step} waits: `, ""), until: until == null ? 0 : Date.parse(until) }]]
  )));
}

interface SentenceProps {
  readonly reason: Reason;
  readonly held: Held | undefined;
  /** The moment that is looked at; undefined: now. */
  readonly now: number | undefined;
  readonly onStep: (step: string, lane: string) => void;
}

function Sentence({ reason, now, held, onStep }: SentenceProps): JSX.Element {
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
      if (held !== undefined) return <>Waiting {passed} to call <strong className="font-medium">{callee}</strong> for {subject}: {held.what}{held.until > at && `, next try in ${span(held.until - at)}`}</>;
      return <>Waiting {passed} for <strong className="font-medium">{callee}</strong>: attempt {reason.attempt}{ofMost} of {subject}</>;
    case "retry":
      return <>Attempt {reason.attempt + 1}{ofMost} of {subject} at {callee} {due === "" ? "soon" : due}{dueAt > 0 && ` (${clockTime(dueAt)})`}{error !== undefined && <span className="text-muted"> after {error.type}: {error.message}</span>}</>;
    case "callback":
      return <>{callee} took {subject} {passed} ago and will call back{due !== "" && `, given up ${due}`}</>;
    case "timer":
      return <>{subject} waits {dueAt > 0 ? <>until {clockTime(dueAt)} ({due})</> : <>for {passed}</>}</>;
    case "signal":
      return <>{subject} waits {passed} for the signal <code>{reason.signal}</code>{due !== "" && <>, given up {due} ({clockTime(dueAt)})</>}</>;
    case "child":
      return <>Waiting {passed} for {child === undefined ? "a workflow" : <RunLink id={child.id}>{child.workflow}</RunLink>}, started by {subject}</>;
    case "decision":
      return <>{subject} {DECISION_WORDS[reason.decisionKind] ?? "failed for good"} and waits {passed} for a person{error !== undefined && <span className="text-muted"> ({error.type}: {error.message})</span>}</>;
  }
}
