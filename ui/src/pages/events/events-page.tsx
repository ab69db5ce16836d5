import { useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo, useRef, useState, type JSX } from "react";
import { api, take } from "../../api/client";
import type { Event, EventFilter } from "../../api/events";
import { eventsRoute } from "../../app/router";
import { Button } from "../../kit/button";
import { useMinute } from "../../kit/clock";
import { Empty } from "../../kit/empty";
import * as icons from "../../kit/icons";
import { useKeys } from "../../kit/keys";
import { Failure } from "../../kit/notice";
import { Page, Skeleton } from "../../kit/page";
import { SidePanel } from "../../kit/side-panel";
import { isEvent } from "../../live/hooks";
import { PAGE, type Place } from "../../live/paged-list";
import { usePagedList } from "../../live/use-paged-list";
import { EventDetail } from "./event-detail";
import { EventFilterBar } from "./filter-bar";
import { asEventFilter, filtersOf, type EventFilters } from "./filters";
import { EventRows } from "./rows";
import { SendDialog } from "./send-dialog";

/** Events come with their data: they are read again at once when one comes, and then not more often than this. */
const PACE = { pauseMs: 500, wanted: isEvent } as const;

export default function EventsPage(): JSX.Element {
  const { id, send, ...search } = eventsRoute.useSearch();
  const filters = filtersOf(search);
  const navigate = useNavigate({ from: "/events" });
  const change = useCallback((next: Record<string, string | undefined>) => void navigate({ search: (before) => ({ ...before, ...next }), replace: true }), [navigate]);
  const find = useRef<HTMLInputElement>(null);
  const minute = useMinute();
  const key = JSON.stringify(filters);
  const filter = useMemo(() => asEventFilter(JSON.parse(key) as EventFilters, minute), [key, minute]);
  return (
    <div className="flex h-full">
      <div className="min-w-0 flex-1">
        <Page filled title="Events" actions={<Button look="main" onClick={() => change({ send: "yes" })}><icons.Plus size={14} />Send an event</Button>}>
          <EventFilterBar filters={filters} onChange={change} searchRef={find} />
          <Listing key={key} filter={filter} chosen={id} onOpen={(next) => change({ id: next })} onSearch={() => find.current?.focus()} />
        </Page>
      </div>
      {id !== undefined && <SidePanel title="Event" onClose={() => change({ id: undefined })}><EventDetail key={id} id={id} onAgain={() => change({ send: "again" })} /></SidePanel>}
      {send !== undefined && <SendDialog like={send === "again" ? id : undefined} onClose={(made) => change({ send: undefined, ...(made === undefined ? {} : { id: made }) })} />}
    </div>
  );
}

type Row = Event & { readonly created_at: string };

interface ListingProps {
  readonly filter: EventFilter;
  readonly chosen: string | undefined;
  readonly onOpen: (id: string | undefined) => void;
  readonly onSearch: () => void;
}

function Listing({ filter, chosen, onOpen, onSearch }: ListingProps): JSX.Element {
  const read = useCallback(async ({ cursor }: Place) => {
    const page = await take(api.GET("/api/v1/events", { params: { query: { limit: PAGE, ...filter, ...(cursor === undefined ? {} : { cursor }) } } }));
    return { ...page, items: page.items.map((event): Row => ({ ...event, created_at: event.at })) };
  }, [filter]);
  const { rows, state, error, more, onScroll, renew } = usePagedList(read, PACE);
  const [active, setActive] = useState(-1);
  useKeys({
    j: () => setActive(Math.min(rows.length - 1, active + 1)),
    k: () => setActive(Math.max(0, active - 1)),
    "/": onSearch,
    escape: () => onOpen(undefined),
    enter: () => onOpen(rows[active]?.id ?? chosen),
  });
  if (state === "failed" && rows.length === 0) return <Failure error={error} retry={renew} />;
  if (state === "loading") return <Skeleton lines={10} />;
  if (rows.length === 0) return <NothingHere isFiltered={Object.keys(filter).length > 0} />;
  return (
    <>
      {state === "failed" && <Failure error={error} retry={renew} />}
      <EventRows rows={rows} more={more} active={active} chosen={chosen} onScroll={onScroll} />
    </>
  );
}

function NothingHere({ isFiltered }: { readonly isFiltered: boolean }): JSX.Element {
  if (isFiltered) return <Empty title="No event matches these filters">Take one away, or end the type with <code>*</code> for all that begin so. An event that comes in and fits appears here by itself.</Empty>;
  return (
    <Empty title="Nothing has happened yet" command={'orchestrator emit customer.created --source /crm --subject ada --data \'{"name": "Ada"}\''}>
      What others report (a customer was created, a branch was pushed) is kept here, with what it set in motion. Triggers and routers start workflows by it. Send one, or so:
    </Empty>
  );
}
