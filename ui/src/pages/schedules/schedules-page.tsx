import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useCallback, useRef, useState, type JSX } from "react";
import { schedulesQuery, type Schedule } from "../../api/schedules";
import { schedulesRoute } from "../../app/router";
import { Empty } from "../../kit/empty";
import * as icons from "../../kit/icons";
import { useKeys } from "../../kit/keys";
import { Failure } from "../../kit/notice";
import { Page, Skeleton } from "../../kit/page";
import { SidePanel } from "../../kit/side-panel";
import { Status } from "../../kit/status";
import { Tabs } from "../../kit/tabs";
import { TextFilter } from "../../kit/text-filter";
import { Moment } from "../../kit/time";
import { VirtualTable } from "../../kit/virtual-table";
import { OUTCOMES, ticksWhen } from "../../model/schedule";
import { exact } from "../../model/time";
import { ScheduleDetail } from "./schedule-detail";

const SHOWN = [{ id: "all", name: "All" }, { id: "paused", name: "Paused" }, { id: "trouble", name: "Last start refused" }] as const;

export default function SchedulesPage(): JSX.Element {
  const { name, q = "", show } = schedulesRoute.useSearch();
  const navigate = useNavigate({ from: "/schedules" });
  const change = useCallback((next: Record<string, string | undefined>) => void navigate({ search: (before) => ({ ...before, ...next }), replace: true }), [navigate]);
  const { data, error, refetch } = useQuery(schedulesQuery);
  const find = useRef<HTMLInputElement>(null);
  const kind = SHOWN.find(({ id }) => id === show)?.id ?? "all";
  const items = (data?.items ?? []).filter((schedule) => fits(schedule, kind) && schedule.name.toLowerCase().includes(q.toLowerCase()));
  const chosen = data?.items.find((schedule) => schedule.name === name);
  const search = useCallback((text: string) => change({ q: text }), [change]);
  return (
    <div className="flex h-full">
      <div className="min-w-0 flex-1">
        <Page filled title="Schedules">
          {error !== null && <Failure error={error} retry={() => void refetch()} />}
          {data === undefined && error === null && <Skeleton lines={6} />}
          {data?.items.length === 0 && (
            <Empty title="Nothing is started by the time" command={'trigger: { type: schedule, cron: "0 3 * * *", time-zone: Europe/Berlin }'}>
              A schedule starts a workflow every night at three, or each quarter of an hour. It is a trigger of the workflow&apos;s definition; apply one with this line:
            </Empty>
          )}
          {data !== undefined && data.items.length > 0 && (
            <>
              <div className="flex flex-wrap items-center gap-3">
                <label className="relative min-w-48 flex-1 sm:max-w-80">
                  <icons.Search size={14} className="absolute top-[9px] left-2.5 text-faint" />
                  <TextFilter label="A word of the name" ref_={find} value={q} placeholder="A word of the name" className="pl-8" onChange={search} />
                </label>
                <Tabs label="Which schedules" tabs={SHOWN} current={kind} onChange={(next) => change({ show: next === "all" ? undefined : next })} />
              </div>
              {name !== undefined && chosen === undefined && <p role="status" className="text-waiting">There is no schedule {name}: no version of a workflow that is live has it.</p>}
              {data.more && <p className="text-sm text-muted">The first {exact(data.items.length)} are shown; there are more.</p>}
              {items.length === 0 ? <Empty title="No schedule fits">Take the word away, or show all of them.</Empty>
                : <List items={items} chosen={name} onOpen={(next) => change({ name: next })} onSearch={() => find.current?.focus()} />}
            </>
          )}
        </Page>
      </div>
      {chosen !== undefined && <SidePanel title={chosen.name} onClose={() => change({ name: undefined })}><ScheduleDetail key={chosen.name} schedule={chosen} /></SidePanel>}
    </div>
  );
}

function fits({ paused, last }: Schedule, kind: (typeof SHOWN)[number]["id"]): boolean {
  return kind === "all" || (kind === "paused" ? paused != null : last?.outcome === "refused");
}

interface ListProps {
  readonly items: readonly Schedule[];
  readonly chosen: string | undefined;
  readonly onOpen: (name: string | undefined) => void;
  readonly onSearch: () => void;
}

const COLUMNS = "pl-3 grid-cols-[minmax(0,1fr)_auto] md:grid-cols-[minmax(160px,1.6fr)_minmax(120px,1.2fr)_112px_minmax(110px,1fr)_64px_76px]";

function List({ items, chosen, onOpen, onSearch }: ListProps): JSX.Element {
  const [active, setActive] = useState(-1);
  useKeys({
    j: () => setActive(Math.min(items.length - 1, active + 1)),
    k: () => setActive(Math.max(0, active - 1)),
    enter: () => onOpen(items[active]?.name ?? chosen),
    escape: () => onOpen(undefined),
    "/": onSearch,
  });
  const head = (
    <>
      <span role="columnheader">Schedule</span>
      <span role="columnheader" className="max-md:hidden">When</span>
      <span role="columnheader">Next</span>
      <span role="columnheader" className="max-md:hidden">Last</span>
      <span role="columnheader" className="text-right max-md:hidden">Started</span>
      <span role="columnheader" className="text-right max-md:hidden" title="Skipped, missed, refused, or its condition did not hold">Not started</span>
    </>
  );
  const rows = items.map((schedule) => ({ id: schedule.name, schedule }));
  return <VirtualTable label="Schedules" rows={rows} more={false} columns={COLUMNS} head={head} active={active} isSelected={(id) => id === chosen} cells={({ schedule }) => <Cells schedule={schedule} />} />;
}

function Cells({ schedule }: { readonly schedule: Schedule }): JSX.Element {
  const { name, paused, next, last, started, skipped, missed, unmet, refused } = schedule;
  const [first] = next;
  return (
    <>
      <span role="cell" className="flex min-w-0 flex-col">
        <Link to="/schedules" search={(before) => ({ ...before, name })} className="truncate rounded font-medium after:absolute after:inset-0" title={name}>{name}</Link>
        <span className="truncate text-sm text-muted md:hidden">{ticksWhen(schedule)}</span>
      </span>
      <span role="cell" className="min-w-0 truncate text-muted max-md:hidden" title={ticksWhen(schedule)}>{ticksWhen(schedule)}</span>
      <span role="cell" className="text-sm text-muted">{paused != null ? <Status status="paused" /> : first === undefined ? "never" : <Moment at={first} />}</span>
      <span role="cell" className="min-w-0 truncate text-sm max-md:hidden">{last == null ? <span className="text-faint">nothing yet</span> : <span className={last.outcome === "refused" ? "text-failed" : "text-muted"} title={OUTCOMES[last.outcome]}>{last.outcome} <Moment at={last.at} /></span>}</span>
      <span role="cell" className="figures text-right max-md:hidden">{exact(started)}</span>
      <span role="cell" className="figures text-right text-muted max-md:hidden">{exact(skipped + missed + unmet + refused)}</span>
    </>
  );
}
