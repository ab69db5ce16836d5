import { Link } from "@tanstack/react-router";
import { useCallback, useState, type JSX } from "react";
import { api, take, type Schemas } from "../../api/client";
import { subjectRoute } from "../../app/router";
import { buttonClass } from "../../kit/button";
import { Empty } from "../../kit/empty";
import { CopyButton, ShortId } from "../../kit/id";
import { useKeys } from "../../kit/keys";
import { KindMark } from "../../kit/kind-mark";
import { Failure } from "../../kit/notice";
import { Page, Skeleton } from "../../kit/page";
import { Status } from "../../kit/status";
import { Moment, Took } from "../../kit/time";
import { VirtualTable } from "../../kit/virtual-table";
import { PAGE, type Place } from "../../live/paged-list";
import { usePagedList } from "../../live/use-paged-list";
import { NodeLink } from "./node-link";

type Entry = Schemas["JourneyEntry"] & { readonly created_at: string };

const COLUMNS = "pl-3 grid-cols-[minmax(0,1fr)_auto] md:grid-cols-[minmax(200px,1.4fr)_130px_84px_minmax(120px,1.4fr)_120px_92px]";
/** Runs and events. */
const PACE = { byMoment: true, pauseMs: 500, wanted: () => true } as const;

export default function SubjectPage(): JSX.Element {
  const { subject } = subjectRoute.useParams();
  return (
    <Page filled title={<span className="inline-flex max-w-full items-center gap-1"><span className="min-w-0 wrap-anywhere">Journey of {subject}</span><CopyButton text={subject} what="the subject" /></span>}
      actions={<span className="flex gap-2"><Link to="/workflows" search={{ subject }} className={buttonClass("plain", true)}>Its workflows</Link><Link to="/events" search={{ subject }} className={buttonClass("plain", true)}>Its events</Link></span>}>
      <Journey key={subject} subject={subject} />
    </Page>
  );
}

function Journey({ subject }: { readonly subject: string }): JSX.Element {
  const read = useCallback(async ({ cursor, before = cursor }: Place) => {
    const query = { limit: PAGE, ...(before === undefined ? {} : { before }) };
    const page = await take(api.GET("/api/v1/subjects/{subject}/journey", { params: { path: { subject }, query } }));
    const items = page.items.map((entry): Entry => ({ ...entry, created_at: entry.at }));
    // The next page begins a moment after the last of this one, so that what shares its time is not lost.
    const last = items.length < PAGE ? undefined : items.at(-1);
    return { ...page, items, next_cursor: last === undefined ? null : new Date(Date.parse(last.at) + 1).toISOString() };
  }, [subject]);
  const { rows, state, error, more, onScroll, renew } = usePagedList(read, PACE);
  const [active, setActive] = useState(-1);
  useKeys({ j: () => setActive(Math.min(rows.length - 1, active + 1)), k: () => setActive(Math.max(0, active - 1)) });
  if (state === "failed" && rows.length === 0) return <Failure error={error} retry={renew} />;
  if (state === "loading") return <Skeleton lines={10} />;
  if (rows.length === 0) {
    return (
      <Empty title={`Nothing happened for ${subject}`} command={`orchestrator events list --subject ${subject}`}>
        Events that name a subject, and workflows whose definition says whom they are about, are shown here in the order in which they happened, over all workflows.
      </Empty>
    );
  }
  const head = (
    <>
      <span role="columnheader">What</span>
      <span role="columnheader">Status</span>
      <span role="columnheader" className="max-md:hidden">Took</span>
      <span role="columnheader" className="max-md:hidden">Error</span>
      <span role="columnheader" className="max-md:hidden">Correlation</span>
      <span role="columnheader" className="max-md:hidden">When</span>
    </>
  );
  return (
    <>
      {state === "failed" && <Failure error={error} retry={renew} />}
      <VirtualTable label="What happened, the newest first" rows={rows} more={more} columns={COLUMNS} head={head} active={active} isSelected={() => false} onScroll={onScroll} cells={(entry) => <EntryCells entry={entry} />} />
    </>
  );
}

function EntryCells({ entry }: { readonly entry: Entry }): JSX.Element {
  const { kind, name, status, at, ended_at: ended, error, correlation_id: correlation } = entry;
  return (
    <>
      <span role="cell" className="flex min-w-0 items-center gap-2">
        <KindMark kind={kind} name={name} />
        <span className="flex min-w-0 flex-col">
          <NodeLink node={entry} className="truncate font-medium hover:underline">{name}</NodeLink>
          <span className="text-sm text-muted md:hidden"><Moment at={at} /></span>
        </span>
      </span>
      <span role="cell">{status == null ? <span className="text-faint">event</span> : <Status status={status} />}</span>
      <span role="cell" className="text-sm text-muted max-md:hidden">{status != null && <Took from={at} to={ended} />}</span>
      <span role="cell" className="min-w-0 truncate text-sm text-muted max-md:hidden" title={error ?? undefined}>{error}</span>
      <span role="cell" className="max-md:hidden"><Link to="/correlations/$id" params={{ id: correlation }} className="rounded text-sm text-accent-text hover:underline" title="All that one cause set in motion"><ShortId id={correlation} /></Link></span>
      <span role="cell" className="text-sm text-muted max-md:hidden"><Moment at={at} /></span>
    </>
  );
}
