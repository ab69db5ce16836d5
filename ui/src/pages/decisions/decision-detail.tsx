import { useQuery } from "@tanstack/react-query";
import { useState, type JSX } from "react";
import type { Decision } from "../../api/client";
import { attemptsQuery, instanceQuery } from "../../api/queries";
import { Button } from "../../kit/button";
import { CopyButton, ShortId } from "../../kit/id";
import { JsonView } from "../../kit/json-view";
import { Facts } from "../../kit/page";
import { RunLink } from "../../kit/run-link";
import { Status } from "../../kit/status";
import { Moment } from "../../kit/time";
import type { Json } from "../../model/json";
import { duration } from "../../model/time";
import { CHOICE_KEYS, CHOICE_NAMES, choicesOf, consequence, lookOf, type Choice } from "./answers";
import { DelegateDialog } from "./delegate-dialog";

interface DecisionDetailProps {
  readonly decision: Decision;
  /** With the input of its step. */
  readonly onAsk: (choice: Choice, input: Json) => void;
}

/** One question whole: what, why, what went before, and what each answer does. */
export function DecisionDetail({ decision, onAsk }: DecisionDetailProps): JSX.Element {
  const instance = useQuery(instanceQuery(decision.workflow_id)).data;
  const step = instance?.steps.find((each) => each.id === decision.step);
  const ofFailure = decision.kind === "compensation-failed" || decision.kind === "exhausted";
  return (
    <section aria-label="The decision" tabIndex={0} className="min-h-0 overflow-y-auto rounded border border-line bg-raised">
      <div className="flex flex-col gap-5 p-4">
        <div className="flex flex-col gap-1">
          <h2 className="text-lg font-semibold break-words">{decision.prompt}</h2>
          <p className="text-muted">{WHAT[decision.kind] ?? ""}</p>
        </div>
        {decision.status === "pending" && (
          <div className="flex flex-col gap-2" role="group" aria-label="Answer">
            {choicesOf(decision.kind, decision.choices).map((choice) => (
              <div key={choice} className="flex items-center gap-3">
                <Button look={lookOf(choice)} className="w-28 shrink-0" onClick={() => onAsk(choice, step?.input ?? null)}>{CHOICE_NAMES[choice]}</Button>
                {CHOICE_KEYS[choice] !== undefined && <kbd className="rounded-sm border border-line px-1 text-faint max-sm:hidden">{CHOICE_KEYS[choice]}</kbd>}
                <span className="text-muted">{consequence(choice, decision.kind)}</span>
              </div>
            ))}
            {decision.delegate === true && <HandOn id={decision.id} />}
          </div>
        )}
        {decision.answers.map((given) => (
          <p key={given.at} className="rounded border border-line bg-sunken px-3 py-2"><strong className="font-medium">{given.by === "" ? "The time" : given.by}</strong> chose {given.choice} <Moment at={given.at} />{given.comment !== "" && <>: “{given.comment}”</>}</p>
        ))}
        <Facts items={[
          ["Workflow", <RunLink key="workflow" id={decision.workflow_id} step={decision.step}>{decision.workflow}</RunLink>],
          ["Step", decision.step],
          ["Asked", <Moment key="asked" at={decision.requested_at} />],
          ...(decision.expires_at == null ? [] : [["Deadline", <Moment key="deadline" at={decision.expires_at} />] as const]),
          ["Who may answer", decision.approvers.length === 0 ? "anybody with the permission to decide" : decision.approvers.join(", ")],
          ...(decision.quorum > 1 ? [["Must agree", String(decision.quorum)] as const] : []),
          ...(decision.risk == null ? [] : [["Risk", decision.risk] as const]),
          ...(decision.reasons === undefined || decision.reasons.length === 0 ? [] : [["Because", decision.reasons.join("; ")] as const]),
          ...(decision.delegations ?? []).map((handed) => ["Handed on", `${handed.by} to ${handed.to}`] as const),
          ...(decision.notices ?? []).map((notice) => ["Told by", `${notice.adapter}: ${notice.status}`] as const),
          ["Decision", <span key="id" className="inline-flex items-center"><ShortId id={decision.id} /><CopyButton text={decision.id} what="the id" /></span>],
        ]} />
        <Attempts id={decision.workflow_id} step={decision.step} />
        {decision.show != null && <Block title="To look at"><JsonView value={decision.show} label="what is shown" /></Block>}
        {decision.data != null && <Block title={ofFailure ? "Error" : "What is approved"}><JsonView value={decision.data} label={ofFailure ? "the error" : "what is approved"} /></Block>}
        {decision.form != null && <Block title="Form of an answer"><JsonView value={decision.form} label="the form" /></Block>}
        {step?.input != null && <Block title="Input of the step"><JsonView value={step.input} label="the step's input" /></Block>}
        {instance !== undefined && <Block title="Input of the workflow"><JsonView value={instance.input} label="the workflow's input" /></Block>}
      </div>
    </section>
  );
}

function HandOn({ id }: { readonly id: string }): JSX.Element {
  const [asked, setAsked] = useState(false);
  return (
    <div className="flex items-center gap-3">
      <Button look="quiet" className="w-28 shrink-0" onClick={() => setAsked(true)}>Hand it on</Button>
      <span className="text-muted">Somebody else answers it.</span>
      {asked && <DelegateDialog id={id} onClose={() => setAsked(false)} />}
    </div>
  );
}

const WHAT: Readonly<Record<string, string>> = {
  approval: "The step waits until somebody approves it. The rest of the workflow goes on where it does not depend on it.",
  question: "The workflow asks, and goes on with the answer. What does not depend on it goes on meanwhile.",
  exhausted: "No attempt is left, or no repetition would mend it. The rest of the workflow goes on where it does not depend on this step.",
  "compensation-failed": "The undo failed and no repetition would mend it. Until somebody decides, the workflow is stuck in its roll-back.",
  "compensation-approval": "The step waits to be undone until somebody approves that. What is rolled back beside it goes on.",
  "instance-failed": "The workflow failed, and leaves it to a person whether what it did is undone.",
};

function Block({ title, children }: { readonly title: string; readonly children: JSX.Element }): JSX.Element {
  return <section className="flex flex-col gap-1.5"><h3 className="text-sm font-semibold text-muted">{title}</h3>{children}</section>;
}

const MOST = 12;

function Attempts({ id, step }: { readonly id: string; readonly step: string }): JSX.Element | null {
  const attempts = useQuery(attemptsQuery(id, step)).data?.items ?? [];
  if (attempts.length === 0) return null;
  return (
    <Block title={`Attempts (${String(attempts.length)})`}>
      <ol className="overflow-hidden rounded border border-line">
        {attempts.slice(-MOST).map((attempt) => (
          <li key={`${attempt.kind}${String(attempt.generation)}-${String(attempt.attempt)}-${attempt.lane}`} className="flex flex-wrap items-center gap-x-3 border-b border-line px-3 py-1.5 last:border-b-0">
            <span className="w-24">{attempt.kind === "run" ? "call" : attempt.kind} {attempt.attempt}</span>
            <Status status={attempt.outcome} />
            <span className="text-sm text-muted"><Moment at={attempt.started_at} /></span>
            {attempt.ended_at != null && <span className="text-sm text-muted">{duration(Date.parse(attempt.ended_at) - Date.parse(attempt.started_at))}</span>}
            {attempt.error != null && <span className="w-full text-sm break-words text-muted">{attempt.error.type}: {attempt.error.message}</span>}
          </li>
        ))}
      </ol>
    </Block>
  );
}
