import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, type JSX } from "react";
import { countQuery } from "../../api/queries";
import { useMinute } from "../../kit/clock";
import { lookOf } from "../../kit/status";
import { isLifecycle, useLiveQueries } from "../../live/hooks";
import { ENDED, OPEN, type InstanceStatus } from "../../model/status";
import { figure } from "../../model/time";
import { moment } from "../workflows/filters";

const PAUSE = 1_000;

/** How many are open now, by state, and what became of those that started in the range. */
export function Tallies({ range }: { readonly range: string }): JSX.Element {
  const minute = useMinute();
  const recent = useMemo(() => ({ created_after: moment(range, minute), status: ENDED.join(",") }), [range, minute]);
  useLiveQueries(["counts"], isLifecycle, PAUSE);
  const open = counted(useQuery({ ...countQuery({ status: "active" }, "status"), refetchInterval: 5 * PAUSE }).data?.groups);
  const ended = counted(useQuery(countQuery(recent, "status")).data?.groups);
  const all = ENDED.reduce((sum, status) => sum + (ended?.get(status) ?? 0), 0);
  const bad = (ended?.get("failed") ?? 0) + (ended?.get("compensated") ?? 0);
  const shown = OPEN.filter((status) => status !== "queued" && status !== "paused" || (open?.get(status) ?? 0) > 0);
  return (
    <div className="grid grid-cols-1 gap-4 lg:grid-cols-[1fr_1.25fr]">
      <section aria-label="Open now" className="rounded border border-line bg-raised">
        <h2 className="border-b border-line px-4 py-2 font-semibold">Open now</h2>
        <div className="grid grid-cols-2 sm:grid-cols-4">{shown.map((status) => <Tally key={status} status={status} count={open?.get(status) ?? 0} ready={open !== undefined} search={{ status }} />)}</div>
      </section>
      <section aria-label="Ended" className="rounded border border-line bg-raised">
        <h2 className="flex flex-wrap items-baseline gap-x-3 border-b border-line px-4 py-2 font-semibold">Ended, of those started in this time
          {all > 0 && <span className="text-sm font-normal text-muted">{figure((100 * bad) / all)} % failed</span>}
        </h2>
        <div className="grid grid-cols-2 sm:grid-cols-4">{ENDED.map((status) => <Tally key={status} status={status} count={ended?.get(status) ?? 0} ready={ended !== undefined} search={{ status, created_after: range }} />)}</div>
      </section>
    </div>
  );
}

function counted(groups: readonly { group: Record<string, string>; count: number }[] | undefined): Map<string, number> | undefined {
  return groups === undefined ? undefined : new Map(groups.map(({ group, count }) => [group["status"] ?? "", count]));
}

interface TallyProps {
  readonly status: InstanceStatus;
  readonly count: number;
  readonly ready: boolean;
  readonly search: Record<string, string>;
}

function Tally({ status, count, ready, search }: TallyProps): JSX.Element {
  const { word, colour, Icon } = lookOf(status);
  return (
    <Link to="/workflows" search={search} className="flex flex-col gap-0.5 px-4 py-3 hover:bg-hover">
      <span className={`inline-flex items-center gap-1.5 text-sm ${count > 0 ? colour : "text-faint"}`}><Icon size={12} />{word}</span>
      {ready ? <span className={`text-xl font-semibold ${count === 0 ? "text-faint" : ""}`}>{figure(count)}</span> : <span className="skeleton h-7 w-16" />}
    </Link>
  );
}
