import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo, useState, type JSX } from "react";
import type { Schemas } from "../../api/client";
import { auditQuery } from "../../api/queries";
import { auditRoute } from "../../app/router";
import { useMinute } from "../../kit/clock";
import { CauseLink } from "../../kit/cause-link";
import { Empty } from "../../kit/empty";
import { LinkedId, ShortId } from "../../kit/id";
import { JsonView } from "../../kit/json-view";
import { Failure } from "../../kit/notice";
import { Page, Skeleton } from "../../kit/page";
import { RunLink } from "../../kit/run-link";
import { Moment } from "../../kit/time";
import { Select } from "../../kit/select";
import { text } from "../../model/json";
import { moment, RANGES } from "../workflows/filters";

const KINDS = [
  "catalog-changed", "cancel-requested", "decision-made", "operation-made", "dead-letter-reprocessed", "dead-letter-discarded", "dead-letter-superseded", "system-paused",
  "system-resumed", "node-drained", "node-undrained", "log-levels-set", "adapter-called", "schedule-paused", "schedule-resumed", "schedule-triggered", "schedule-backfilled",
];

export default function AuditPage(): JSX.Element {
  const search = auditRoute.useSearch();
  const navigate = useNavigate({ from: "/audit" });
  const minute = useMinute();
  const filter = useMemo(() => {
    const { who, kind, since } = search;
    return { ...(who === undefined ? {} : { who }), ...(kind === undefined ? {} : { kind }), ...(since === undefined ? {} : { since: moment(since, minute) }) };
  }, [search, minute]);
  const { data, error, refetch } = useQuery(auditQuery(filter));
  const change = (next: Record<string, string>): void => void navigate({ search: (before) => ({ ...before, ...next }), replace: true });
  return (
    <Page title="Audit">
      <div className="flex flex-wrap gap-2">
        <input className="field max-w-48" aria-label="Who" placeholder="Who" defaultValue={search.who ?? ""} onBlur={(event) => change({ who: event.target.value.trim() })} onKeyDown={(event) => {
          if (event.key === "Enter") change({ who: event.currentTarget.value.trim() });
        }} />
        <Select  aria-label="What" value={search.kind ?? ""} onChange={(event) => change({ kind: event.target.value })}><option value="">everything</option>{KINDS.map((kind) => <option key={kind}>{kind}</option>)}</Select>
        <Select  aria-label="Since" value={search.since ?? ""} onChange={(event) => change({ since: event.target.value })}>{RANGES.map(([value, name]) => <option key={value} value={value}>{name}</option>)}</Select>
      </div>
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <Skeleton lines={8} />}
      {data?.items.length === 0 && <Empty title="Nothing was done by hand" command="orchestrator audit">Whatever a person changes (definitions, cancels, decisions) is recorded here: who, when, through what, and why.</Empty>}
      {data !== undefined && data.items.length > 0 && (
        <ol className="rounded border border-line bg-raised">{data.items.map((entry, index) => <Entry key={`${entry.at}${entry.subject}${String(index)}`} entry={entry} />)}</ol>
      )}
      {data?.next_cursor != null && <p className="text-sm text-muted">These are the newest 500. Narrow the filters to see older ones.</p>}
    </Page>
  );
}

function Entry({ entry }: { readonly entry: Schemas["AuditEntry"] }): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <li className="border-b border-line px-4 py-2 last:border-b-0">
      <div className="flex min-h-6 flex-wrap items-center gap-x-4 gap-y-0.5">
        <span className="w-28 text-sm text-muted"><Moment at={entry.at} /></span>
        <span className="w-24 truncate font-medium">{entry.who}</span>
        <span className="w-40">{entry.kind}</span>
        <span className="w-36 truncate"><Subject entry={entry} /></span>
        <span className="truncate text-sm text-muted empty:hidden sm:w-56 sm:empty:inline">{entry.cause !== "" && <CauseLink cause={entry.cause} />}</span>
        <span className="min-w-0 flex-1 text-muted max-sm:order-last max-sm:basis-full max-sm:break-words max-sm:empty:hidden">{entry.reason}</span>
        {entry.data != null && <button type="button" aria-expanded={open} className="rounded text-sm text-accent-text hover:underline" onClick={() => setOpen(!open)}>{open ? "Hide" : "Details"}</button>}
      </div>
      {open && entry.data != null && <div className="mt-2"><JsonView value={entry.data} label="what was done" /></div>}
    </li>
  );
}

const ELSEWHERE = { catalog: "/definitions", system: "/system" } as const;

/** What it was done to: an instance, a schedule, an operation, the catalog, or the system itself. */
function Subject({ entry }: { readonly entry: Schemas["AuditEntry"] }): JSX.Element {
  const [look, of] = ["text-accent-text hover:underline", entry.subject];
  if (of === "catalog" || of === "system") {
    return <Link to={ELSEWHERE[of]} className={look}>{of}</Link>;
  }
  if (entry.kind.startsWith("schedule-")) {
    const name = text(entry.data, "schedule");
    return <Link to="/schedules" search={{ name }} className={look}>{name}</Link>;
  }
  if (entry.kind.startsWith("operation-")) {
    return <LinkedId id={of} what="the operation's id"><Link to="/operations" search={{ id: of }} className={look}><ShortId id={of} /></Link></LinkedId>;
  }
  return <RunLink id={of} className={look} />;
}
