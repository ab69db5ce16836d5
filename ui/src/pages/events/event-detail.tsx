import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { JSX, ReactNode } from "react";
import { correlatedLettersQuery, eventQuery, routersQuery, type Event } from "../../api/events";
import { Button, buttonClass } from "../../kit/button";
import { CauseLink } from "../../kit/cause-link";
import * as icons from "../../kit/icons";
import { CopyButton, LinkedId, ShortId } from "../../kit/id";
import { JsonView } from "../../kit/json-view";
import { Failure } from "../../kit/notice";
import { Facts, Skeleton } from "../../kit/page";
import { Moment } from "../../kit/time";
import { byWhom, target } from "../../model/routed";

const LINK = "rounded text-accent-text underline";

interface EventDetailProps {
  readonly id: string;
  /** Sends another one like it. */
  readonly onAgain: () => void;
}

/** One event whole: what it says, what it carries, and what it led to. */
export function EventDetail({ id, onAgain }: EventDetailProps): JSX.Element {
  const { data: event, error, refetch } = useQuery(eventQuery(id));
  if (error !== null) return <Failure error={error} retry={() => void refetch()} />;
  if (event === undefined) return <Skeleton lines={8} />;
  return (
    <div className="flex flex-col gap-5">
      <div className="flex flex-col gap-2">
        <h3 className="text-lg font-semibold break-words">{event.type}</h3>
        <div className="flex flex-wrap gap-2">
          <Link to="/correlations/$id" params={{ id: event.correlation_id }} search={{ node: id }} className={buttonClass("plain", true)}><icons.Workflows size={14} />What it set in motion</Link>
          <Button small onClick={onAgain}>Send one like it</Button>
        </div>
      </div>
      <Facts items={[
        ["Taken", <Moment key="at" at={event.at} />],
        ["Source", event.source],
        ...(event.subject == null ? [] : [["Subject", <Link key="subject" to="/subjects/$subject" params={{ subject: event.subject }} className={LINK}>{event.subject}</Link>] as const]),
        ["Sent by", event.actor],
        ["Came by", <CauseLink key="cause" cause={event.cause} />],
        ["Correlation", <LinkedId key="correlation" id={event.correlation_id} what="the correlation id"><Link to="/correlations/$id" params={{ id: event.correlation_id }} className={LINK}><ShortId id={event.correlation_id} /></Link></LinkedId>],
        ["Id", <span key="id" className="inline-flex items-center"><ShortId id={event.id} /><CopyButton text={event.id} what="the id" /></span>],
      ]} />
      <Section title="Where it went"><WhereItWent event={event} /></Section>
      <Section title="Data"><JsonView value={event.data} label="the data" /></Section>
      <Section title="Attributes"><JsonView value={event.meta} label="the attributes" /></Section>
    </div>
  );
}

function Section({ title, children }: { readonly title: string; readonly children: ReactNode }): JSX.Element {
  return <section className="flex flex-col gap-1.5"><h3 className="text-sm font-semibold text-muted">{title}</h3>{children}</section>;
}

function WhereItWent({ event }: { readonly event: Event }): JSX.Element {
  const { id, routed_to: routed, correlation_id: correlation } = event;
  const wanted = routed.some(({ error }) => error != null);
  const letters = useQuery({ ...correlatedLettersQuery(correlation), enabled: wanted }).data?.items ?? [];
  if (routed.length === 0) return <Nowhere id={id} />;
  return (
    <ol className="overflow-hidden rounded border border-line">
      {routed.map((route, index) => {
        const name = target(route);
        const letter = route.error == null ? undefined : letters.find((each) => each.event_id === id && (each.workflow === name || each.what === name));
        return (
          <li key={`${route.router ?? ""}/${route.rule}/${String(index)}`} className="flex flex-col gap-0.5 border-b border-line px-3 py-2 last:border-b-0">
            <span className="flex items-center gap-2">
              {route.error == null ? <icons.Right size={14} className="text-completed" /> : <icons.Octagon size={14} className="text-failed" />}
              {route.workflow_id == null ? <span className="min-w-0 flex-1 truncate font-medium">{name}</span>
                : <LinkedId id={route.workflow_id} what="the workflow's id"><Link to="/workflows/$id" params={{ id: route.workflow_id }} className={`${LINK} font-medium`}>{name} <ShortId id={route.workflow_id} /></Link></LinkedId>}
            </span>
            <span className="text-sm text-muted">by {byWhom(route)}{route.router != null && <> · <Link to="/routers" search={{ name: route.router, explain: "yes", event: id }} className={LINK}>why</Link></>}</span>
            {route.error != null && <span className="text-sm break-words text-failed">{route.error}</span>}
            {letter !== undefined && <Link to="/dead-letters" search={{ id: letter.id, ...(letter.status === "pending" ? {} : { show: letter.status }) }} className={`text-sm ${LINK}`}>{letter.status === "pending" ? "It waits as a dead letter" : `Its dead letter was ${letter.status}`}</Link>}
            {route.error != null && letter === undefined && <span className="text-sm text-muted">It was kept as a dead letter.</span>}
          </li>
        );
      })}
    </ol>
  );
}

/** Nothing took it: where to look for why. */
function Nowhere({ id }: { readonly id: string }): JSX.Element {
  const routers = useQuery(routersQuery).data?.items ?? [];
  return (
    <div className="flex flex-col gap-1.5 text-muted">
      <p>No trigger and no router took it further.</p>
      {routers.length > 0 && <p>Ask a router why: {routers.slice(0, 5).map(({ name }, index) => <span key={name}>{index > 0 && ", "}<Link to="/routers" search={{ name, explain: "yes", event: id }} className={LINK}>{name}</Link></span>)}</p>}
    </div>
  );
}
