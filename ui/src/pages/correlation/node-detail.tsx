import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import { Button, buttonClass } from "../../kit/button";
import { CopyButton, ShortId } from "../../kit/id";
import { Facts } from "../../kit/page";
import { Status } from "../../kit/status";
import { Moment, Took } from "../../kit/time";
import { deliveryOf, lineOf, placeOf, type Happening, type Lead, type Line } from "../../model/genealogy";
import { duration, exact } from "../../model/time";
import { NodeLink } from "./node-link";

interface NodeDetailProps {
  readonly node: Happening;
  readonly edges: readonly Lead[];
  readonly since: number;
  readonly onLine: (line: Line) => void;
}

const LOOK_AT: Readonly<Record<string, string>> = { event: "The event", workflow: "The workflow", step: "The step", attempt: "The step", schedule: "The schedule" };

/** One thing that happened: when, how it stands, and what led to it. */
export function NodeDetail({ node, edges, since, onLine }: NodeDetailProps): JSX.Element {
  const { id, kind, name, status, at, ended_at: ended, subject } = node;
  const { lane, attempt } = placeOf(id);
  const [before, after] = [lineOf(edges, id, "ancestors").size - 1, lineOf(edges, id, "descendants").size - 1];
  const callback = kind === "workflow" ? deliveryOf(name) : undefined;
  return (
    <div className="flex flex-col gap-5">
      <div className="flex flex-wrap gap-2">
        <NodeLink node={node} className={buttonClass("plain", true)}>{LOOK_AT[kind] ?? "Look at it"}</NodeLink>
        {callback !== undefined && <Link to="/callbacks" search={{ name: callback }} className={buttonClass("plain", true)}>The callback</Link>}
      </div>
      <Facts items={[
        ["Kind", callback === undefined ? kind : "delivery of a callback"],
        ["Name", name],
        ...(status == null ? [] : [["Status", <Status key="status" status={status} />] as const]),
        ["Began", at == null ? "not yet" : <span key="at"><Moment at={at} /> <span className="text-faint">{duration(Date.parse(at) - since)} after the first</span></span>],
        ...(ended == null || at == null ? [] : [["Took", <Took key="took" from={at} to={ended} />] as const]),
        ...(lane === "" ? [] : [["Lane", lane] as const]),
        ...(attempt === "" ? [] : [["Attempt", attempt] as const]),
        ...(subject == null ? [] : [["Subject", <Link key="subject" to="/subjects/$subject" params={{ subject }} className="rounded text-accent-text underline">{subject}</Link>] as const]),
        ["Id", <span key="id" className="inline-flex items-center"><ShortId id={id} /><CopyButton text={id} what="the id" /></span>],
      ]} />
      <div className="flex flex-wrap gap-2" role="group" aria-label="Show only">
        <Button small disabled={before === 0} title="Only what led to it" onClick={() => onLine("ancestors")}>What led to it ({exact(before)})</Button>
        <Button small disabled={after === 0} title="Only what it led to" onClick={() => onLine("descendants")}>What it led to ({exact(after)})</Button>
      </div>
    </div>
  );
}
