import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo, useRef, useState, type JSX } from "react";
import { api, take } from "../../api/client";
import type { Selection } from "../../api/operations";
import { countQuery, type InstanceFilter } from "../../api/queries";
import { workflowsRoute } from "../../app/router";
import { buttonClass } from "../../kit/button";
import { useMinute } from "../../kit/clock";
import { Empty } from "../../kit/empty";
import * as icons from "../../kit/icons";
import { useKeys } from "../../kit/keys";
import { Failure } from "../../kit/notice";
import { Page, Skeleton } from "../../kit/page";
import { useLive } from "../../live/hooks";
import { PAGE, type Place } from "../../live/paged-list";
import { usePagedList } from "../../live/use-paged-list";
import { exact, span } from "../../model/time";
import { FilterBar } from "./filter-bar";
import { asQuery, type Filters } from "./filters";
import { Many, type ManyVerb } from "./many";
import { Rows } from "./rows";
import { SelectionBar } from "./selection-bar";
import { ViewBar } from "./view-bar";

const COUNT_PAUSE = 1_500;
const COUNT_SLOWLY = 10_000;

export default function WorkflowsPage(): JSX.Element {
  const filters: Filters = workflowsRoute.useSearch();
  const navigate = useNavigate({ from: "/workflows" });
  const change = useCallback((next: Filters) => void navigate({ search: (before) => ({ ...before, ...next }), replace: true }), [navigate]);
  const minute = useMinute();
  const query = useMemo(() => asQuery(filters, minute), [filters, minute]);
  const key = JSON.stringify(filters);
  const search = useRef<HTMLInputElement>(null);
  const count = useLiveCount(query);
  return (
    <Page filled title={<>Workflows {count !== undefined && <span className="ml-1 text-base font-normal text-faint">{exact(count)}</span>}</>}
      actions={<Link to="/definitions" className={buttonClass("main")}><icons.Play size={14} />Start one</Link>}>
      <ViewBar filters={filters} onChoose={(chosen) => void navigate({ search: chosen, replace: true })} />
      <FilterBar filters={filters} onChange={change} searchRef={search} />
      <Listing key={key} query={query} total={count} isFiltered={Object.keys(query).length > 0} onSearch={() => search.current?.focus()} />
    </Page>
  );
}

function useLiveCount(query: Readonly<Record<string, string>>): number | undefined {
  const client = useQueryClient();
  const options = countQuery(query);
  useLive(({ record }) => record.type.startsWith("instance-"), () => client.invalidateQueries({ queryKey: options.queryKey }), COUNT_PAUSE);
  return useQuery({ ...options, refetchInterval: COUNT_SLOWLY }).data?.total;
}

interface ListingProps {
  readonly query: Readonly<Record<string, string>>;
  readonly total: number | undefined;
  readonly isFiltered: boolean;
  readonly onSearch: () => void;
}

function Listing({ query, total, isFiltered, onSearch }: ListingProps): JSX.Element {
  const read = useCallback(({ cursor, before }: Place) => take(api.GET("/api/v1/workflows", {
    params: { query: { limit: PAGE, ...query, ...(cursor === undefined ? {} : { cursor }), ...(before === undefined ? {} : { created_before: before }) } },
  })), [query]);
  const { rows, state, error, more, behind, onScroll, renew } = usePagedList(read, { byMoment: true });
  const selection = useSelection(rows.map((row) => row.id));
  const [active, setActive] = useState(-1);
  const [asked, setAsked] = useState<Asked>();
  const navigate = useNavigate();
  const move = (by: number): void => setActive(Math.max(0, Math.min(rows.length - 1, active + by)));
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    "/": onSearch,
    x: () => selection.toggle(rows[active]?.id ?? "", active, false),
    escape: () => selection.clear(),
    enter: () => {
      const row = rows[active];
      if (row !== undefined) void navigate({ to: "/workflows/$id", params: { id: row.id } });
    },
  });
  if (state === "failed" && rows.length === 0) return <Failure error={error} retry={renew} />;
  if (state === "loading") return <Skeleton lines={10} />;
  if (rows.length === 0) return <NothingHere isFiltered={isFiltered} />;
  return (
    <>
      {selection.count > 0 && (
        <SelectionBar count={selection.isAll ? total : selection.count} isAll={selection.isAll} total={total} pair={pairOf(selection.chosen)}
          onAll={() => selection.takeAll(query)} onClear={selection.clear} onAsk={(verb) => setAsked({ verb, selection: selection.chosen })} />
      )}
      {behind.length > 0 && <p role="status" className="text-sm text-waiting">The list may lack the newest changes: the server is behind with it by {span(Math.max(...behind.map((partition) => partition.behind_ms)))} and catches up by itself.</p>}
      {state === "failed" && <Failure error={error} retry={renew} />}
      <Rows rows={rows} more={more} isSelected={selection.has} active={active} onSelect={selection.toggle} onSelectAll={() => selection.all()} onScroll={onScroll} />
      {asked !== undefined && <Many {...asked} onClose={(acted) => {
        setAsked(undefined);
        if (acted) selection.clear();
        renew();
      }} />}
    </>
  );
}

interface Asked {
  readonly verb: ManyVerb;
  readonly selection: Selection;
}

interface Chosen {
  readonly count: number;
  /** All that the filter lets through, also those that are not loaded. */
  readonly isAll: boolean;
  readonly chosen: Selection;
  readonly has: (id: string) => boolean;
  readonly toggle: (id: string, index: number, range: boolean) => void;
  readonly all: () => void;
  readonly takeAll: (filter: InstanceFilter) => void;
  readonly clear: () => void;
}

function pairOf(chosen: Selection): readonly [string, string] | undefined {
  const [left, right, ...others] = "ids" in chosen ? chosen.ids : [];
  return left === undefined || right === undefined || others.length > 0 ? undefined : [left, right];
}

const NOBODY: ReadonlySet<string> = new Set();

function useSelection(loaded: readonly string[]): Chosen {
  const [ids, setIds] = useState(NOBODY);
  const [filter, setFilter] = useState<InstanceFilter>();
  const anchor = useRef(0);
  const choose = (next: ReadonlySet<string>): void => {
    setFilter(undefined);
    setIds(next);
  };
  return {
    count: ids.size,
    isAll: filter !== undefined,
    chosen: filter === undefined ? { ids: [...ids] } : { filter },
    has: (id) => filter !== undefined || ids.has(id),
    toggle: (id, index, range) => {
      if (id === "") return;
      const next = new Set(filter === undefined ? ids : loaded);
      const [from, to] = range ? [Math.min(anchor.current, index), Math.max(anchor.current, index)] : [index, index];
      const on = !next.has(id);
      for (const each of loaded.slice(from, to + 1)) {
        if (on) next.add(each);
        else next.delete(each);
      }
      anchor.current = index;
      choose(next);
    },
    all: () => choose(loaded.every((id) => ids.has(id)) ? NOBODY : new Set(loaded)),
    // What begins later is not meant; and some condition there must be.
    takeAll: (query) => setFilter(Object.keys(query).length > 0 ? query : { created_before: new Date().toISOString() }),
    clear: () => choose(NOBODY),
  };
}

function NothingHere({ isFiltered }: { readonly isFiltered: boolean }): JSX.Element {
  if (isFiltered) return <Empty title="Nothing matches these filters">Take one away, or choose another view. A workflow that starts and fits appears here by itself.</Empty>;
  return (
    <Empty title="No workflow has run yet" command={'orchestrator submit customer-onboarding --input \'{"name": "Ada", "email": "ada@example.org"}\''}>
      Every run of a workflow is listed here from its start on, with its state and what went wrong. Start one from its definition, by an event, or so:
    </Empty>
  );
}
