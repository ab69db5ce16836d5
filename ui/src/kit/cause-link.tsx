import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import { LinkedId, ShortId } from "./id";
import { RunLink } from "./run-link";

const LOOK = "rounded text-accent-text underline";

/** What led to something, as a record names it, and the way there. */
export function CauseLink({ cause }: { readonly cause: string }): JSX.Element {
  const at = cause.indexOf(":");
  const [kind, rest] = at < 0 ? [cause, ""] : [cause.slice(0, at), cause.slice(at + 1)];
  if (kind === "instance" && rest !== "") return <>the workflow <RunLink id={rest} /></>;
  if (kind === "event" && rest !== "") return <>the event <LinkedId id={rest} what="the event's id"><Link to="/events" search={{ id: rest }} className={LOOK}><ShortId id={rest} /></Link></LinkedId></>;
  if (kind === "operation" && rest !== "") return <>the operation <LinkedId id={rest} what="the operation's id"><Link to="/operations" search={{ id: rest }} className={LOOK}><ShortId id={rest} /></Link></LinkedId></>;
  if (kind === "schedule" && rest !== "") return <>the schedule <Link to="/schedules" search={{ name: rest.replace("/", ".") }} className={LOOK}>{rest.replace("/", ".")}</Link></>;
  if (kind === "hook") return <>the webhook {rest}</>;
  return <>{kind === "events" || kind === "api" ? "the API" : cause}</>;
}
