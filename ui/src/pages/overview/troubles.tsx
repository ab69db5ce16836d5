import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useState, type JSX } from "react";
import type { Decision } from "../../api/client";
import type { Selection } from "../../api/operations";
import { failuresQuery, pendingDecisionsQuery } from "../../api/queries";
import { buttonClass } from "../../kit/button";
import { useMinute } from "../../kit/clock";
import * as icons from "../../kit/icons";
import { Failure } from "../../kit/notice";
import { Panel, Skeleton } from "../../kit/page";
import { isLifecycle, useLiveQueries } from "../../live/hooks";
import { member, text } from "../../model/json";
import { exact } from "../../model/time";
import { groupTrouble, type Trouble } from "../../model/trouble";
import { Answers, useAnswering, type Ask } from "../decisions/answers";
import { moment } from "../workflows/filters";
import { Many, type ManyVerb } from "../workflows/many";
import { FailureRow } from "./failure-row";
import { FAILED, failureGroups } from "./failures";
import { GroupRow } from "./group-row";
import { HeldAdapters, useHeldAdapters } from "./held-adapters";
import { Letters, useLetterGroups } from "./letters";

const SHOWN = 8;
const PAUSE = 1_000;

/** What needs a person stands above all that is fine. */
export function Troubles({ range }: { readonly range: string }): JSX.Element {
  const { ask, dialog } = useAnswering();
  const [many, setMany] = useState<{ readonly verb: ManyVerb; readonly selection: Selection }>();
  return (
    <>
      <Lists range={range} onAsk={ask} onMany={(verb, selection) => setMany({ verb, selection })} />
      {dialog}
      {many !== undefined && <Many {...many} onClose={() => setMany(undefined)} />}
    </>
  );
}

interface ListsProps {
  readonly range: string;
  readonly onAsk: Ask;
  readonly onMany: (verb: ManyVerb, selection: Selection) => void;
}

function Lists({ range, onAsk, onMany }: ListsProps): JSX.Element {
  const minute = useMinute();
  const asked = useMemo(() => ({ status: FAILED, from: moment(range, minute), limit: SHOWN }), [range, minute]);
  useLiveQueries(["failures"], isLifecycle, PAUSE);
  const decisions = useQuery(pendingDecisionsQuery);
  const failed = useQuery(failuresQuery(asked));
  const letters = useLetterGroups();
  const held = useHeldAdapters();
  const questions = useMemo(() => groupTrouble(decisions.data?.items ?? [], factsOfDecision), [decisions.data]);
  const failures = useMemo(() => failureGroups(failed.data?.items ?? []), [failed.data]);
  const error = decisions.error ?? failed.error;
  if (error !== null) return <Failure error={error} retry={() => void decisions.refetch().then(() => failed.refetch())} />;
  if (decisions.data === undefined || failed.data === undefined) return <Panel title="Trouble"><Skeleton lines={3} /></Panel>;
  const quiet = questions.length === 0 && failures.length === 0 && letters.groups.length === 0 && held.length === 0;
  return (
    <>
      {quiet && <p className="flex items-center gap-2 rounded border border-line bg-raised px-4 py-2.5 text-muted"><icons.Tick className="text-completed" />Nothing needs a person, and nothing that failed in this time still stands.</p>}
      {questions.length > 0 && (
        <Panel title={<span className="inline-flex items-center gap-2"><icons.Hand className="text-human" />Needs a person</span>} flush aside={<Link to="/decisions" className="text-accent-text hover:underline">{exact(decisions.data.items.length)} {decisions.data.items.length === 1 ? "decision" : "decisions"}</Link>}>
          <ul>{questions.slice(0, SHOWN).map((group) => <QuestionRow key={group.key} group={group} onAsk={onAsk} />)}</ul>
        </Panel>
      )}
      <HeldAdapters />
      <Letters />
      {failures.length > 0 && (
        <Panel title={<span className="inline-flex items-center gap-2"><icons.Cross className="text-failed" />Failed</span>} flush
          aside={<Link to="/workflows" search={{ status: FAILED }} className="text-accent-text hover:underline">{exact(failed.data.total)} in this time{failed.data.left_out > 0 && `, the largest ${exact(SHOWN)} groups`}</Link>}>
          <ul>{failures.map((group) => <FailureRow key={group.key} group={group} onAsk={(verb) => onMany(verb, group.selection)} />)}</ul>
        </Panel>
      )}
    </>
  );
}

function factsOfDecision(decision: Decision) {
  const error = member(decision.data ?? null, "error");
  const undo = decision.kind.startsWith("compensation-");
  const errorType = text(error, "type");
  return { workflow: decision.workflow, step: `${undo ? "undo of " : ""}${decision.step}`, errorType: errorType === "" ? decision.kind : errorType, message: errorType === "" ? decision.prompt : text(error, "message"), at: Date.parse(decision.requested_at) };
}

function QuestionRow({ group, onAsk }: { readonly group: Trouble<Decision>; readonly onAsk: Ask }): JSX.Element {
  const kind = group.items[0]?.kind ?? "";
  const ofUndo = kind === "compensation-failed";
  return (
    <GroupRow group={group} count={group.items.length} name={group.workflow} at={group.step}
      icon={ofUndo ? <icons.Octagon className="text-failed" /> : <icons.Hand className="text-human" />}>
      <Link to="/decisions" search={{ workflow: group.workflow, id: group.items[0]?.id ?? "" }} className={buttonClass("quiet", true)}>Look</Link>
      <Answers question={{ ids: group.items.map((decision) => decision.id), what: group.step, kind }} onAsk={onAsk} />
    </GroupRow>
  );
}
