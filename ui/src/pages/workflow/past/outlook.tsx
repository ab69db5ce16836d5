import type { UseQueryResult } from "@tanstack/react-query";
import type { JSX, ReactNode } from "react";
import type { Schemas } from "../../../api/client";
import type { Outlook } from "../../../api/past";
import * as icons from "../../../kit/icons";
import { Failure } from "../../../kit/notice";
import { Skeleton } from "../../../kit/page";
import { exact } from "../../../model/time";

const SHOWN = 50;

const WHY: Readonly<Record<string, string>> = {
  failed: "it failed", cancelled: "it was cancelled", undone: "it was undone", "under-way": "it is under way, and begins anew", completed: "it had completed",
};

/** The answer of a dry run, as soon as it is there. */
export function Preview({ outlook, children }: { readonly outlook: UseQueryResult<Outlook>; readonly children: (outlook: Outlook) => ReactNode }): JSX.Element {
  if (outlook.error !== null) return <Failure error={outlook.error} />;
  if (outlook.data === undefined) return <Skeleton lines={3} />;
  return <div className="flex flex-col gap-4" role="group" aria-label="What it comes to">{children(outlook.data)}</div>;
}

/** The steps that run again. */
export function RunsAgain({ again = [], none }: { readonly again: Outlook["again"]; readonly none: string }): JSX.Element {
  if (again.length === 0) return <p className="text-muted">{none}</p>;
  const repeated = again.filter((step) => step.repeats).length;
  return (
    <Block title={`${exact(again.length)} ${again.length === 1 ? "step runs" : "steps run"} again`}>
      {repeated > 0 && <p className="flex items-center gap-2 px-3 py-1.5 text-waiting"><icons.Loop size={14} />{repeated === 1 ? "One of them may happen twice: its effect is not undone." : `${exact(repeated)} of them may happen twice: their effects are not undone.`}</p>}
      <Rows items={again} row={(step) => <Again key={`${step.lane ?? ""}|${step.step}`} step={step} />} />
    </Block>
  );
}

function Again({ step: { step, lane = "", why, calls = "", repeats, same_key: sameKey = false } }: { readonly step: Schemas["StepAgain"] }): JSX.Element {
  return (
    <Row>
      <StepName step={step} lane={lane} />
      <span className="min-w-0 flex-1 basis-40 text-muted">{WHY[why] ?? why}{calls !== "" && <>, calls <code>{calls}</code></>}</span>
      {repeats && <span className="text-waiting">may happen twice</span>}
      {sameKey && <span className="text-muted">under the same key</span>}
    </Row>
  );
}

/** What was done outside since, and what becomes of it. */
export function DoneSince({ since = [], count, compensate }: { readonly since: Outlook["since"]; readonly count: number; readonly compensate: boolean }): JSX.Element {
  if (since.length === 0) return <p className="text-muted">Nothing was done outside since then.</p>;
  return (
    <Block title={`Done outside since then (${exact(count)})`}>
      <Rows items={since} all={count} row={(effect) => (
        <Row key={effect.seq}>
          <span className="w-12 text-right font-mono text-xs text-faint">{effect.seq}</span>
          <StepName step={effect.step} lane={effect.lane ?? ""} />
          <span className="min-w-0 flex-1 basis-32 text-muted">{effect.kind === "unknown" ? "may have called" : effect.kind === "undone" ? "was undone at" : "called"} <code>{effect.calls}</code></span>
          <span className={fateColour(effect, compensate)}>{fate(effect, compensate)}</span>
        </Row>
      )} />
    </Block>
  );
}

function fate({ kind, undoable }: Schemas["EffectSince"], compensate: boolean): string {
  if (kind === "undone") return "stays undone";
  if (!compensate) return "stays as it is";
  return undoable ? "is undone first" : "cannot be undone";
}

function fateColour({ kind, undoable }: Schemas["EffectSince"], compensate: boolean): string {
  if (kind === "undone" || !compensate) return "text-muted";
  return undoable ? "text-undone" : "text-failed";
}

/** Steps that count as done in the new run. */
export function Taken({ taken = [] }: { readonly taken: Outlook["taken"] }): JSX.Element | null {
  if (taken.length === 0) return null;
  return (
    <Block title={`${exact(taken.length)} ${taken.length === 1 ? "step counts" : "steps count"} as done`}>
      <p className="px-3 py-1.5 text-muted">Nobody is called for {taken.length === 1 ? "it" : "them"} again, and the new run does not undo {taken.length === 1 ? "it" : "them"}: <span className="text-ink">{taken.join(", ")}</span></p>
    </Block>
  );
}

export function Block({ title, children }: { readonly title: string; readonly children: ReactNode }): JSX.Element {
  return <section className="flex flex-col gap-1.5"><h3 className="text-sm font-semibold text-muted">{title}</h3><div className="overflow-hidden rounded border border-line text-ink">{children}</div></section>;
}

function Rows<T>({ items, row, all = items.length }: { readonly items: readonly T[]; readonly row: (item: T) => JSX.Element; readonly all?: number }): JSX.Element {
  return (
    <ol className="max-h-56 overflow-y-auto" tabIndex={0}>
      {items.slice(0, SHOWN).map(row)}
      {all > SHOWN && <li className="px-3 py-1.5 text-faint">and {exact(all - SHOWN)} more</li>}
    </ol>
  );
}

function Row({ children }: { readonly children: ReactNode }): JSX.Element {
  return <li className="flex flex-wrap items-baseline gap-x-3 border-b border-line px-3 py-1.5 text-sm last:border-b-0">{children}</li>;
}

function StepName({ step, lane }: { readonly step: string; readonly lane: string }): JSX.Element {
  return <span className="font-medium">{step}{lane !== "" && <span className="font-normal text-faint"> {lane}</span>}</span>;
}
