import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, type JSX, type ReactNode } from "react";
import type { Decision, InstanceSummary } from "../../api/client";
import { countQuery, instanceQuery, pendingDecisionsQuery, recentQuery } from "../../api/queries";
import * as icons from "../../kit/icons";
import { buttonClass } from "../../kit/button";
import { useMinute } from "../../kit/clock";
import { Failure } from "../../kit/notice";
import { Panel, Skeleton } from "../../kit/page";
import { Moment } from "../../kit/time";
import { isLifecycle, useLiveQueries } from "../../live/hooks";
import { member, text } from "../../model/json";
import { exact } from "../../model/time";
import { groupTrouble, splitError, type Trouble } from "../../model/trouble";
import { Answers, useAnswering, type Ask } from "../decisions/answers";
import { moment } from "../workflows/filters";

const FAILED = "failed,compensated";
const LOOKED_AT = 500;
const SHOWN = 8;
const PAUSE = 1_000;
const MINUTE = 60_000;

/** What needs a person stands above all that is fine. */
export function Troubles({ range }: { readonly range: string }): JSX.Element {
  const { ask, dialog } = useAnswering();
  return <><Lists range={range} onAsk={ask} />{dialog}</>;
}

function Lists({ range, onAsk }: { readonly range: string; readonly onAsk: Ask }): JSX.Element {
  const minute = useMinute();
  const filter = useMemo(() => ({ status: FAILED, created_after: moment(range, minute) }), [range, minute]);
  useLiveQueries(["workflows", "recent"], isLifecycle, PAUSE);
  const decisions = useQuery(pendingDecisionsQuery);
  const failed = useQuery(recentQuery(filter, LOOKED_AT));
  const failedCount = useQuery(countQuery(filter)).data?.total ?? 0;
  const questions = useMemo(() => groupTrouble(decisions.data?.items ?? [], factsOfDecision), [decisions.data]);
  const failures = useMemo(() => groupTrouble(failed.data?.items ?? [], factsOfFailure), [failed.data]);
  const error = decisions.error ?? failed.error;
  if (error !== null) return <Failure error={error} retry={() => void decisions.refetch().then(() => failed.refetch())} />;
  if (decisions.data === undefined || failed.data === undefined) return <Panel title="Trouble"><Skeleton lines={3} /></Panel>;
  if (questions.length === 0 && failures.length === 0) {
    return <p className="flex items-center gap-2 rounded border border-line bg-raised px-4 py-2.5 text-muted"><icons.Tick className="text-completed" />Nothing needs a person, and nothing that started in this time has failed.</p>;
  }
  return (
    <>
      {questions.length > 0 && (
        <Panel title={<span className="inline-flex items-center gap-2"><icons.Hand className="text-human" />Needs a person</span>} flush aside={<Link to="/decisions" className="text-accent-text hover:underline">{exact(decisions.data.items.length)} {decisions.data.items.length === 1 ? "decision" : "decisions"}</Link>}>
          <ul>{questions.slice(0, SHOWN).map((group) => <QuestionRow key={group.key} group={group} onAsk={onAsk} />)}</ul>
        </Panel>
      )}
      {failures.length > 0 && (
        <Panel title={<span className="inline-flex items-center gap-2"><icons.Cross className="text-failed" />Failed</span>} flush
          aside={<Link to="/workflows" search={{ status: FAILED, created_after: range }} className="text-accent-text hover:underline">{exact(failedCount)} started in this time{failedCount > LOOKED_AT ? `, grouped from the newest ${exact(LOOKED_AT)}` : ""}</Link>}>
          <ul>{failures.slice(0, SHOWN).map((group) => <FailureRow key={group.key} group={group} range={range} />)}</ul>
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

function factsOfFailure(summary: InstanceSummary) {
  return { workflow: summary.workflow, step: "", ...splitError(summary.error ?? "without an error"), at: Date.parse(summary.ended_at ?? summary.updated_at) };
}

function QuestionRow({ group, onAsk }: { readonly group: Trouble<Decision>; readonly onAsk: Ask }): JSX.Element {
  const kind = group.items[0]?.kind ?? "";
  const ofUndo = kind === "compensation-failed";
  return (
    <GroupRow group={group} step={group.step}
      icon={ofUndo ? <icons.Octagon className="text-failed" /> : <icons.Hand className="text-human" />}>
      <Link to="/decisions" search={{ workflow: group.workflow, id: group.items[0]?.id ?? "" }} className={buttonClass("quiet", true)}>Look</Link>
      <Answers question={{ ids: group.items.map((decision) => decision.id), what: group.step, kind }} onAsk={onAsk} />
    </GroupRow>
  );
}

function FailureRow({ group, range }: { readonly group: Trouble<InstanceSummary>; readonly range: string }): JSX.Element {
  const sample = group.items[0]?.id ?? "";
  const step = useQuery({ ...instanceQuery(sample), staleTime: Number.POSITIVE_INFINITY }).data?.error?.step ?? "";
  return (
    <GroupRow group={group} step={step} icon={<icons.Cross className="text-failed" />}>
      <Link to="/workflows/$id" params={{ id: sample }} search={step === "" ? {} : { step: step.split("/").at(-1) ?? step }} className={buttonClass("quiet", true)}>Newest</Link>
      <Link to="/workflows" search={{ status: FAILED, workflow: group.workflow, q: group.errorType, created_after: range }} className={buttonClass("plain", true)}>Show {exact(group.items.length)}</Link>
    </GroupRow>
  );
}

interface GroupRowProps {
  readonly group: Trouble<unknown>;
  readonly step: string;
  readonly icon: JSX.Element;
  readonly children: ReactNode;
}

function GroupRow({ group, step, icon, children }: GroupRowProps): JSX.Element {
  return (
    <li className="grid grid-cols-[auto_minmax(0,1fr)] items-center gap-x-3 gap-y-1.5 border-b border-line px-4 py-2.5 last:border-b-0 md:grid-cols-[auto_48px_minmax(0,1fr)_auto]">
      {icon}
      <span className="text-lg font-semibold max-md:hidden">{exact(group.items.length)}</span>
      <div className="min-w-0">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-semibold md:hidden">{exact(group.items.length)} ×</span>
          <span className="font-medium">{group.workflow}</span>{step !== "" && <span className="text-muted">at {step}</span>}
          <span className="text-sm text-faint">since <Moment at={group.since} />{group.last - group.since > MINUTE && <>, last <Moment at={group.last} /></>}</span>
        </p>
        <p className="truncate text-sm text-muted" title={group.message}><code className="text-failed">{group.errorType}</code> {group.message}</p>
      </div>
      <div className="flex flex-wrap items-center gap-1.5 max-md:col-start-2">{children}</div>
    </li>
  );
}
