import { Link } from "@tanstack/react-router";
import type { JSX, ReactNode } from "react";
import type { Instance } from "../../api/client";
import { CauseLink } from "../../kit/cause-link";
import { CopyButton, LinkedId, ShortId } from "../../kit/id";
import { Status } from "../../kit/status";
import { Moment, Took } from "../../kit/time";
import type { Run } from "../../model/run/run";

interface HeaderProps {
  readonly run: Run;
  readonly seq: number;
  readonly isLive: boolean;
  /** The records at hand do not reach the present yet. */
  readonly isReading: boolean;
  readonly instance: Instance | undefined;
  readonly id: string;
  readonly actions: ReactNode;
}

export function Header({ run, seq, isLive, isReading, instance, id, actions }: HeaderProps): JSX.Element {
  const { status, endedAt, version: known } = run.instance.at(seq);
  const { started } = run;
  const name = started?.workflow ?? instance?.workflow ?? "";
  const version = known === "" ? (instance?.version ?? "") : known;
  return (
    <div className="flex flex-wrap items-start gap-x-4 gap-y-2">
      <div className="flex min-w-0 flex-1 basis-80 flex-col gap-1">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <h1 className="text-xl font-semibold tracking-[-0.01em]">
            {name === "" ? <span className="skeleton inline-block h-7 w-52" /> : <Link to="/definitions/$name" params={{ name }} search={{ version }} className="rounded hover:underline">{name}</Link>} <span className="font-normal text-faint">{version}</span>
          </h1>
          <span aria-live="polite"><Status status={isReading || run.end === 0 ? (instance?.status ?? "queued") : status} /></span>
          <span className="text-muted">{started !== undefined && <Took from={started.at} to={isReading ? instance?.ended_at : endedAt > 0 ? endedAt : isLive ? undefined : run.timeAt(seq)} />}</span>
        </div>
        <div className="flex flex-wrap items-center gap-x-4 gap-y-0.5 text-sm text-muted">
          <span className="inline-flex items-center gap-0.5"><ShortId id={id} /><CopyButton text={id} what="the id" /></span>
          {started !== undefined && <span>started <Moment at={started.at} /><By cause={run.records[0]?.cause} /></span>}
          {instance !== undefined && <Belonging instance={instance} />}
        </div>
      </div>
      <div className="flex flex-wrap gap-2">{actions}</div>
    </div>
  );
}

/** What started it, where that is more than a request. */
function By({ cause }: { readonly cause: string | null | undefined }): JSX.Element | null {
  const [kind = ""] = (cause ?? "").split(":");
  if (cause == null || !["event", "schedule", "instance"].includes(kind)) return null;
  return <> by <CauseLink cause={cause} /></>;
}

function Belonging({ instance }: { readonly instance: Instance }): JSX.Element {
  const { id, correlation_id: correlation, parent_id: parent, subject, priority, attributes } = instance;
  const link = "rounded text-accent-text hover:underline";
  return (
    <>
      {parent != null && <span>child of <LinkedId id={parent} what="the parent's id"><Link to="/workflows/$id" params={{ id: parent }} className={link}><ShortId id={parent} /></Link></LinkedId></span>}
      <span>correlation <LinkedId id={correlation} what="the correlation id"><Link to="/correlations/$id" params={{ id: correlation }} search={{ node: id }} className={link} title="All that one cause set in motion"><ShortId id={correlation} /></Link></LinkedId></span>
      {subject != null && <span>about <Link to="/subjects/$subject" params={{ subject }} className={link} title="All that happened for it">{subject}</Link></span>}
      {priority !== "normal" && <span>priority {priority}</span>}
      {Object.entries(attributes).map(([name, value]) => (
        <Link key={name} to="/workflows" search={{ attribute: `${name}=${value}` }} className="rounded-full border border-line px-2 hover:bg-hover">{name} {value}</Link>
      ))}
    </>
  );
}
