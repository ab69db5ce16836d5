import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type JSX } from "react";
import { ticksQuery, type Schedule, type ScheduleVerb } from "../../api/schedules";
import { Button } from "../../kit/button";
import { CopyButton } from "../../kit/id";
import { Notice } from "../../kit/notice";
import { Facts, Skeleton } from "../../kit/page";
import { RunLink } from "../../kit/run-link";
import { Moment } from "../../kit/time";
import { CATCH_UP, OUTCOMES, OVERLAP, ticksWhen } from "../../model/schedule";
import { exact, utc } from "../../model/time";
import { TurnDialog } from "./turn-dialog";

const LINK = "rounded text-accent-text underline";
const SHOWN = 10;
const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** One schedule: when it starts what, what came of it, and what can be done. */
export function ScheduleDetail({ schedule }: { readonly schedule: Schedule }): JSX.Element {
  const [asked, setAsked] = useState<ScheduleVerb>();
  const { name, workflow, version, paused, last, waiting, backfill, catch_up: catchUp, overlap, last_workflow_id: lastId } = schedule;
  return (
    <div className="flex flex-col gap-5">
      <div className="flex flex-wrap gap-2" role="group" aria-label="What to do">
        <Button small look="main" title="Starts one at once, whatever is open" onClick={() => setAsked("trigger")}>Start one now</Button>
        <Button small title={paused == null ? "The clock starts nothing until it is resumed" : "It goes on from now"} onClick={() => setAsked(paused == null ? "pause" : "resume")}>{paused == null ? "Pause" : "Resume"}</Button>
        <Button small title="Starts the ticks of a span of the past" onClick={() => setAsked("backfill")}>Make up for the past</Button>
      </div>
      {paused != null && <Notice tone="plain">Paused by {paused.by} <Moment at={paused.at} />{paused.reason !== undefined && paused.reason !== "" && `: ${paused.reason}`}</Notice>}
      {backfill > 0 && <Notice tone="waiting">{exact(backfill)} {backfill === 1 ? "tick" : "ticks"} of the past {backfill === 1 ? "is" : "are"} still to be started.</Notice>}
      {waiting != null && <Notice tone="waiting">The tick of <Moment at={waiting} /> waits until the open run has ended.</Notice>}
      <Facts items={[
        ["Starts", <Link key="workflow" to="/definitions/$name" params={{ name: workflow }} search={{ version }} className={LINK}>{workflow} {version}</Link>],
        ["When", ticksWhen(schedule)],
        ["Missed ticks", CATCH_UP[catchUp] ?? catchUp],
        ["While one is open", OVERLAP[overlap] ?? overlap],
        ...(lastId == null ? [] : [["Started last", <RunLink key="last" id={lastId} />] as const]),
        ["Name", <span key="name" className="inline-flex items-center gap-0.5">{name}<CopyButton text={name} what="the name" /></span>],
      ]} />
      {last != null && <LastTick last={last} />}
      <Counts schedule={schedule} />
      <section className="flex flex-col gap-1.5">
        <h3 className="text-sm font-semibold text-muted">Next</h3>
        {paused == null ? <NextTicks schedule={schedule} /> : <p className="text-muted">Nothing while it is paused. What it is paused over is not made up for.</p>}
      </section>
      {asked !== undefined && <TurnDialog name={name} verb={asked} overlap={overlap} onClose={() => setAsked(undefined)} />}
    </div>
  );
}

function LastTick({ last: { scheduled_at: due, at, outcome, error, workflow_id: id } }: { readonly last: NonNullable<Schedule["last"]> }): JSX.Element {
  return (
    <section className="flex flex-col gap-1.5">
      <h3 className="text-sm font-semibold text-muted">Last tick</h3>
      <p>
        <span className={outcome === "refused" ? "text-failed" : ""}>{OUTCOMES[outcome] ?? outcome}</span> <span className="text-muted"><Moment at={at} />, due <Moment at={due} /></span>
        {id != null && <> <RunLink id={id} /></>}
      </p>
      {error != null && <p className="text-sm break-words text-failed">{error}</p>}
    </section>
  );
}

function Counts({ schedule: { started, skipped, missed, unmet, refused } }: { readonly schedule: Schedule }): JSX.Element {
  const counts = [["Started", started], ["Skipped", skipped], ["Missed", missed], ["Condition unmet", unmet], ["Refused", refused]] as const;
  return (
    <dl className="grid grid-cols-3 gap-2" aria-label="What came of its ticks">
      {counts.map(([name, count]) => (
        <div key={name} className="rounded border border-line px-3 py-1.5"><dt className="text-sm text-faint">{name}</dt><dd className={`figures text-lg ${name === "Refused" && count > 0 ? "text-failed" : ""}`}>{exact(count)}</dd></div>
      ))}
    </dl>
  );
}

function NextTicks({ schedule: { name, next } }: { readonly schedule: Schedule }): JSX.Element {
  // Whenever one has passed, the next ones are others.
  const { data } = useQuery({ ...ticksQuery(name, SHOWN), queryKey: [...ticksQuery(name, SHOWN).queryKey, next[0] ?? ""] });
  if (data === undefined) return <Skeleton lines={5} />;
  if (data.next.length === 0) return <p className="text-muted">It never ticks again.</p>;
  return (
    <ol className="overflow-hidden rounded border border-line">
      {data.next.map((at) => (
        <li key={at} className="flex items-center gap-3 border-b border-line px-3 py-1 last:border-b-0">
          <time dateTime={at} className="flex-1" title={utc(Date.parse(at))}>{DAY.format(Date.parse(at))}</time>
          <span className="text-sm text-muted">{utc(Date.parse(at)).slice(0, 19)} UTC</span>
        </li>
      ))}
    </ol>
  );
}
