import { Link } from "@tanstack/react-router";
import { useMemo, type JSX } from "react";
import { useNow } from "../../kit/clock";
import { KindMark } from "../../kit/kind-mark";
import { Status } from "../../kit/status";
import { Took } from "../../kit/time";
import { VirtualTable } from "../../kit/virtual-table";
import { plan, titleOf, type Happening, type Lineage } from "../../model/genealogy";
import { duration, utc } from "../../model/time";

interface InOrderProps {
  readonly lineage: Lineage;
  readonly since: number;
  readonly active: number;
  readonly selected: string | undefined;
}

const COLUMNS = "pl-3 grid-cols-[minmax(0,1fr)_auto] md:grid-cols-[minmax(180px,1.2fr)_120px_76px_76px_minmax(120px,1fr)]";
const INDENT = 14;
/** Deeper than so the names would have no room. */
const DEEPEST = 8;

/** What happened line by line, each below what led to it, with its time. */
export function InOrder({ lineage, since, active, selected }: InOrderProps): JSX.Element {
  const rows = useMemo(() => plan(lineage).spots.map(({ node, column }) => ({ id: node.id, node, column })), [lineage]);
  const now = useNow();
  const end = useMemo(() => Math.max(...lineage.nodes.map((node) => lastOf(node, now)), since + 1), [lineage, since, now]);
  const head = (
    <>
      <span role="columnheader">What</span>
      <span role="columnheader">Status</span>
      <span role="columnheader" className="text-right max-md:hidden">After</span>
      <span role="columnheader" className="text-right max-md:hidden">Took</span>
      <span role="columnheader" className="max-md:hidden">When</span>
    </>
  );
  return (
    <VirtualTable label="What happened" rows={rows} more={false} columns={COLUMNS} head={head} active={active} isSelected={(id) => id === selected}
      cells={({ node, column }) => (
        <>
          <span role="cell" className="flex min-w-0 items-center gap-2" style={{ paddingLeft: Math.min(column, DEEPEST) * INDENT }}>
            <KindMark kind={node.kind} name={node.name} />
            <Link to="/correlations/$id" from="/correlations/$id" search={(before) => ({ ...before, node: node.id })} replace className="truncate rounded font-medium after:absolute after:inset-0" title={node.name}>{titleOf(node)}</Link>
          </span>
          <span role="cell" className="min-w-0 truncate">{node.status != null && <Status status={node.status} />}</span>
          <span role="cell" className="figures text-right text-sm text-muted max-md:hidden" title={node.at == null ? undefined : utc(Date.parse(node.at))}>{node.at == null ? "not yet" : `+${duration(Date.parse(node.at) - since)}`}</span>
          <span role="cell" className="text-right text-sm text-muted max-md:hidden">{node.at != null && node.ended_at != null && <Took from={node.at} to={node.ended_at} />}</span>
          <span role="cell" className="max-md:hidden"><Bar node={node} since={since} end={end} now={now} /></span>
        </>
      )} />
  );
}

function lastOf({ at, ended_at: ended, status, kind }: Happening, now: number): number {
  if (ended != null) return Date.parse(ended);
  if (at == null) return 0;
  return kind === "event" || kind === "schedule" || status == null ? Date.parse(at) : Math.max(Date.parse(at), now);
}

/** From when to when, on the time that all of it took. */
function Bar({ node, since, end, now }: { readonly node: Happening; readonly since: number; readonly end: number; readonly now: number }): JSX.Element | null {
  if (node.at == null) return null;
  const share = (at: number): number => (100 * (at - since)) / (end - since);
  const [from, to] = [share(Date.parse(node.at)), share(lastOf(node, now))];
  const colour = node.status === "failed" || node.status === "stuck" ? "bg-failed" : node.status == null ? "bg-human" : node.ended_at == null ? "bg-running" : "bg-idle";
  return (
    <span aria-hidden="true" className="relative block h-2 rounded-full bg-sunken">
      <span className={`absolute inset-y-0 min-w-1 rounded-full ${colour}`} style={{ left: `${String(Math.min(from, 99))}%`, width: `${String(Math.max(0, Math.min(to, 100) - from))}%` }} />
    </span>
  );
}
