import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState, type JSX } from "react";
import type { Decision } from "../../api/client";
import { answeredDecisionsQuery, MOST_DECISIONS, pendingDecisionsQuery } from "../../api/queries";
import { decisionsRoute } from "../../app/router";
import { Button } from "../../kit/button";
import { Empty } from "../../kit/empty";
import { useKeys } from "../../kit/keys";
import { Failure } from "../../kit/notice";
import { Page, Skeleton } from "../../kit/page";
import { Tabs } from "../../kit/tabs";
import type { Json } from "../../model/json";
import { exact } from "../../model/time";
import { bringsData, CHOICE_KEYS, CHOICE_NAMES, choicesOf, lookOf, useAnswering, type Choice } from "./answers";
import { DecisionDetail } from "./decision-detail";
import { DecisionList } from "./decision-list";

export default function DecisionsPage(): JSX.Element {
  const { id, show, workflow } = decisionsRoute.useSearch();
  const navigate = useNavigate({ from: "/decisions" });
  const answered = show === "answered";
  const pending = useQuery(pendingDecisionsQuery);
  const past = useQuery({ ...answeredDecisionsQuery, enabled: answered });
  const { data, error, refetch } = answered ? past : pending;
  const all = data?.items ?? [];
  const items = workflow === undefined ? all : all.filter((decision) => decision.workflow === workflow);
  return (
    <Page filled title="Decisions" actions={
      <Tabs label="Which decisions" current={answered ? "answered" : "pending"} onChange={(next) => void navigate({ search: { show: next === "answered" ? "answered" : undefined } as Record<string, string> })}
        tabs={[{ id: "pending", name: "Waiting", count: exact(pending.data?.items.length ?? 0) }, { id: "answered", name: "Answered" }]} />
    }>
      {workflow !== undefined && <p className="text-sm text-muted">Only of {workflow}. <Link to="/decisions" search={{}} className="text-accent-text underline">Show all</Link></p>}
      {pending.data?.more === true && !answered && <p className="text-sm text-muted" role="status">The first {exact(MOST_DECISIONS)} are shown; more wait behind them.</p>}
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <Skeleton lines={6} />}
      {data !== undefined && <Inbox key={answered ? "answered" : "pending"} items={items} answered={answered} current={id} />}
    </Page>
  );
}

interface InboxProps {
  readonly items: readonly Decision[];
  readonly answered: boolean;
  readonly current: string | undefined;
}

function Inbox({ items, answered, current }: InboxProps): JSX.Element {
  const navigate = useNavigate({ from: "/decisions" });
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const { ask, dialog } = useAnswering(() => setSelected(new Set()));
  const [lastIndex, setLastIndex] = useState(0);
  const found = items.findIndex((decision) => decision.id === current);
  if (found >= 0 && found !== lastIndex) setLastIndex(found);
  // What was answered leaves the list; the one that takes its place is next.
  const index = found >= 0 ? found : Math.min(lastIndex, items.length - 1);
  const decision = items[index];
  const go = (to: number): void => {
    const next = items[Math.max(0, Math.min(items.length - 1, to))];
    if (next !== undefined) void navigate({ search: (before) => ({ ...before, id: next.id }), replace: true });
  };
  const toggle = (id: string): void => setSelected((before) => {
    const next = new Set(before);
    if (!next.delete(id)) next.add(id);
    return next;
  });
  const chosen = items.filter((each) => selected.has(each.id)).map((each) => each.id);
  // An amendment begins with what is approved, or with the input of the step that failed.
  const askOne = (choice: Choice, input: Json = null): void => {
    if (decision !== undefined) ask({ ids: [decision.id], what: decision.step, kind: decision.kind, ...(choice === "amend" ? { data: decision.kind === "exhausted" ? input : (decision.data ?? null), form: decision.form ?? null } : {}) }, choice);
  };
  // What all of the selected ones offer.
  const kinds = new Set(items.filter((each) => selected.has(each.id)).map((each) => each.kind));
  const [kind = ""] = kinds;
  const common = choicesOf(kind).filter((choice) => !bringsData(choice) && [...kinds].every((each) => choicesOf(each).includes(choice)));
  const askChosen = (choice: Choice): void => ask({ ids: chosen, what: "selected decisions", kind }, choice);
  const byKey = (choice: Choice) => (): void => {
    if (answered) return;
    if (chosen.length > 0 && common.includes(choice)) askChosen(choice);
    else if (chosen.length === 0 && decision?.choices.includes(choice) === true) askOne(choice);
  };
  const keys = Object.fromEntries(Object.entries(CHOICE_KEYS).map(([choice, key]) => [key, byKey(choice as Choice)]));
  useKeys({ ...keys, j: () => go(index + 1), k: () => go(index - 1), x: () => decision !== undefined && toggle(decision.id), escape: () => setSelected(new Set()) });
  if (items.length === 0) return <><NothingToDecide answered={answered} />{dialog}</>;
  return (
    <>
      {chosen.length > 0 && !answered && (
        <div className="flex flex-wrap items-center gap-2 rounded border border-accent bg-selected px-3 py-1.5" role="group" aria-label="Selection">
          <span className="flex-1 font-medium">{exact(chosen.length)} selected</span>
          {common.map((choice) => <Button key={choice} small look={lookOf(choice) === "danger" ? "danger" : "plain"} onClick={() => askChosen(choice)}>{CHOICE_NAMES[choice]} {exact(chosen.length)}</Button>)}
          <Button small look="quiet" onClick={() => setSelected(new Set())}>Clear</Button>
        </div>
      )}
      <div className="grid min-h-0 flex-1 gap-4 max-md:grid-rows-[minmax(140px,2fr)_3fr] md:grid-cols-[minmax(280px,2fr)_3fr]">
        <DecisionList items={items} current={decision?.id} selected={selected} selectable={!answered} onOpen={(id) => go(items.findIndex((each) => each.id === id))} onToggle={toggle} onToggleAll={() => setSelected(chosen.length === items.length ? new Set() : new Set(items.map((each) => each.id)))} />
        {decision !== undefined && <DecisionDetail key={decision.id} decision={decision} onAsk={askOne} />}
      </div>
      {dialog}
    </>
  );
}

function NothingToDecide({ answered }: { readonly answered: boolean }): JSX.Element {
  if (answered) return <Empty title="Nobody has decided anything yet">Answered decisions are kept here, with who answered, when and why.</Empty>;
  return (
    <Empty title="Nothing waits for a person" command="orchestrator decisions list">
      When a step needs an approval, asks a question, has no attempt left under <code>on-exhausted: man</code>, or cannot be undone, a person is asked here.
    </Empty>
  );
}
