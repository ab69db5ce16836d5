import { Link } from "@tanstack/react-router";
import { useCallback, useState, type JSX } from "react";
import { redeliver, type Callback, type Delivery } from "../../api/callbacks";
import { api, take } from "../../api/client";
import { useRequestKeys } from "../../api/request-key";
import { Button } from "../../kit/button";
import { Confirm } from "../../kit/confirm";
import { Empty } from "../../kit/empty";
import { Failure } from "../../kit/notice";
import { Skeleton } from "../../kit/page";
import { RunLink } from "../../kit/run-link";
import { Status } from "../../kit/status";
import { Moment } from "../../kit/time";
import { VirtualTable } from "../../kit/virtual-table";
import { PAGE, type Place } from "../../live/paged-list";
import { usePagedList } from "../../live/use-paged-list";
import { exact } from "../../model/time";

interface DeliveriesProps {
  readonly callback: Callback;
  readonly status: string | undefined;
}

type Row = Delivery & { readonly created_at: string };

/** The server reads each delivery from the instance that makes it. */
const PACE = { pauseMs: 1_000 } as const;
const COLUMNS = "pl-3 grid-cols-[minmax(0,1fr)_auto_auto] md:grid-cols-[116px_minmax(140px,1fr)_100px_68px_84px_minmax(100px,1.4fr)_92px]";

/** What a callback told whom, and what became of it. */
export function Deliveries({ callback: { name }, status }: DeliveriesProps): JSX.Element {
  const read = useCallback(async ({ cursor }: Place) => {
    const query = { limit: PAGE, ...(status === undefined ? {} : { status }), ...(cursor === undefined ? {} : { cursor }) };
    const page = await take(api.GET("/api/v1/callbacks/{name}/deliveries", { params: { path: { name }, query } }));
    return { ...page, items: page.items.map((delivery): Row => ({ ...delivery, created_at: delivery.at })) };
  }, [name, status]);
  const { rows, state, error, more, onScroll, renew } = usePagedList(read, PACE);
  const [asked, setAsked] = useState<Delivery>();
  if (state === "failed" && rows.length === 0) return <Failure error={error} retry={renew} />;
  if (state === "loading") return <Skeleton lines={6} />;
  if (rows.length === 0) {
    return (
      <Empty title={status === undefined ? "It has told nobody yet" : "None stands so"} command={`orchestrator callbacks deliveries ${name}`}>
        Each event that it tells of is a delivery, with its attempts, kept whether it got through or not. What was given up can be sent again here.
      </Empty>
    );
  }
  const head = (
    <>
      <span role="columnheader">Status</span>
      <span role="columnheader" className="max-md:hidden">Event</span>
      <span role="columnheader" className="max-md:hidden">Tells of</span>
      <span role="columnheader" className="text-right max-md:hidden">Attempts</span>
      <span role="columnheader">Happened</span>
      <span role="columnheader" className="max-md:hidden">Last error</span>
      <span role="columnheader"><span className="sr-only">Send again</span></span>
    </>
  );
  return (
    <div className="flex min-h-60 flex-1 flex-col">
      {state === "failed" && <Failure error={error} retry={renew} />}
      <VirtualTable label="Deliveries" rows={rows} more={more} columns={COLUMNS} head={head} active={-1} isSelected={(id) => id === asked?.id} onScroll={onScroll}
        cells={(delivery) => <Cells delivery={delivery} onAgain={() => setAsked(delivery)} />} />
      {asked !== undefined && (
        <Redeliver callback={name} delivery={asked} onClose={(acted) => {
          setAsked(undefined);
          if (acted) renew();
        }} />
      )}
    </div>
  );
}

interface RedeliverProps {
  readonly callback: string;
  readonly delivery: Delivery;
  readonly onClose: (acted: boolean) => void;
}

/** Asked again it is another delivery; sent again because the answer was lost it is the same. */
function Redeliver({ callback, delivery: { id, type }, onClose }: RedeliverProps): JSX.Element {
  const keyOf = useRequestKeys();
  return (
    <Confirm title="Deliver it once more" verb="Deliver" reasonLabel={null} onClose={onClose} act={() => redeliver(callback, id, keyOf(id))}>
      {type} is sent again, under the same event id, to where {callback} sends now. Whoever receives it knows a repeat by that id.
    </Confirm>
  );
}

const STATUSES: Readonly<Record<string, string>> = { pending: "running", delivered: "completed" };

function Cells({ delivery: { id, type, workflow_id: told, status, attempts, at, last_error: error }, onAgain }: { readonly delivery: Delivery; readonly onAgain: () => void }): JSX.Element {
  return (
    <>
      <span role="cell" className="flex min-w-0 flex-col">
        <Link to="/workflows/$id" params={{ id }} className="rounded hover:underline" title="Every attempt of it"><Status status={STATUSES[status] ?? status} /></Link>
        <span className="truncate text-sm text-muted md:hidden">{type}</span>
      </span>
      <span role="cell" className="min-w-0 truncate font-medium max-md:hidden" title={type}>{type}</span>
      <span role="cell" className="max-md:hidden"><RunLink id={told} className="text-accent-text hover:underline" /></span>
      <span role="cell" className="figures text-right max-md:hidden">{exact(attempts)}</span>
      <span role="cell" className="text-sm text-muted"><Moment at={at} /></span>
      <span role="cell" className="min-w-0 truncate text-sm text-muted max-md:hidden" title={error == null ? undefined : `${error.type}: ${error.message}`}>{error != null && `${error.type}: ${error.message}`}</span>
      <span role="cell" className="text-right"><Button small onClick={onAgain} aria-label={`Again: deliver ${type} ${id} once more`}>Again</Button></span>
    </>
  );
}
