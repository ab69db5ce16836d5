import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import type { DeadLetter } from "../../api/client";
import { Button } from "../../kit/button";
import { CopyButton, LinkedId, ShortId } from "../../kit/id";
import { JsonView } from "../../kit/json-view";
import { Facts } from "../../kit/page";
import { RunLink } from "../../kit/run-link";
import { Moment } from "../../kit/time";

interface LetterDetailProps {
  readonly letter: DeadLetter;
  readonly onAsk: (verb: "reprocess" | "discard") => void;
}

/** One letter whole: what was called, why it failed each time, and what can be done. */
export function LetterDetail({ letter, onAsk }: LetterDetailProps): JSX.Element {
  const { settled } = letter;
  return (
    <section aria-label="The dead letter" tabIndex={0} className="min-h-0 overflow-y-auto rounded border border-line bg-raised">
      <div className="flex flex-col gap-5 p-4">
        <div className="flex flex-col gap-1">
          <h2 className="text-lg font-semibold break-words">{letter.kind === "event" ? `${letter.what} was not started` : `${letter.what} failed for good`}</h2>
          <p className="text-muted">{letter.error.type}: {letter.error.message}</p>
        </div>
        {letter.status === "pending" && (
          <div className="flex flex-wrap items-center gap-3" role="group" aria-label="What to do">
            <Button look="main" onClick={() => onAsk("reprocess")}>{letter.kind === "event" ? "Start anew" : "Call anew"}</Button>
            <Button look="danger" onClick={() => onAsk("discard")}>Discard</Button>
          </div>
        )}
        <Facts items={[
          ["Workflow", letter.workflow_id == null
            ? letter.workflow
            : <RunLink key="workflow" id={letter.workflow_id} step={letter.step}>{letter.workflow}</RunLink>],
          letter.event_id == null
            ? ["Step", letter.kind === "compensation" ? `undo of ${letter.step}` : letter.step]
            : ["Event", <LinkedId key="event" id={letter.event_id} what="the event's id"><Link to="/events" search={{ id: letter.event_id }} className="text-accent-text underline"><ShortId id={letter.event_id} /></Link></LinkedId>],
          ["Failed", <Moment key="at" at={letter.at} />],
          ["Attempts", String(letter.attempt_count)],
          ["Correlation", <LinkedId key="correlation" id={letter.correlation_id} what="the correlation id"><Link to="/correlations/$id" params={{ id: letter.correlation_id }} className="text-accent-text underline"><ShortId id={letter.correlation_id} /></Link></LinkedId>],
          ...(settled == null ? [] : [
            [({ reprocessed: "Called anew by", superseded: "Its instance taken up again by" } as Record<string, string>)[letter.status] ?? "Discarded by", <span key="by">{settled.by} <Moment at={settled.at} /></span>] as const,
            ...(settled.reason === undefined || settled.reason === "" ? [] : [["Because", settled.reason] as const]),
            ...(settled.workflow_id == null ? [] : [["Called in", <RunLink key="anew" id={settled.workflow_id} />] as const]),
          ]),
          ["Letter", <span key="id" className="inline-flex items-center"><ShortId id={letter.id} /><CopyButton text={letter.id} what="the id" /></span>],
        ]} />
        {letter.attempts.length > 0 && (
          <section className="flex flex-col gap-1.5">
            <h3 className="text-sm font-semibold text-muted">Attempts</h3>
            <ol className="overflow-hidden rounded border border-line">
              {letter.attempts.map((attempt) => (
                <li key={attempt.attempt} className="flex flex-wrap items-center gap-x-3 border-b border-line px-3 py-1.5 last:border-b-0">
                  <span className="w-24">attempt {attempt.attempt}</span>
                  <span className="text-sm text-muted"><Moment at={attempt.at} /></span>
                  {attempt.effect === "unknown" && <span className="text-sm text-waiting">may have taken effect</span>}
                  <span className="w-full text-sm break-words text-muted">{attempt.error.type}: {attempt.error.message}</span>
                </li>
              ))}
            </ol>
          </section>
        )}
        {letter.input != null && <section className="flex flex-col gap-1.5"><h3 className="text-sm font-semibold text-muted">Input</h3><JsonView value={letter.input} label="the input" /></section>}
      </div>
    </section>
  );
}
