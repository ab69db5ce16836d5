import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import type { Schemas } from "../../api/client";
import { countQuery } from "../../api/queries";
import { CopyButton } from "../../kit/id";
import { exact } from "../../model/time";

/** What starts this version, and how many run on it. */
export function VersionFacts({ version: { name, version, hash, triggers }, isDefault }: { readonly version: Schemas["DefinitionVersion"]; readonly isDefault: boolean }): JSX.Element {
  const open = useQuery(countQuery({ workflow: name, version, status: "active" })).data?.total;
  const all = useQuery(countQuery({ workflow: name, version })).data?.total;
  return (
    <div className="flex flex-wrap items-center gap-x-5 gap-y-1 text-sm text-muted">
      {triggers.map((trigger) => (
        <span key={trigger.id}>{isDefault ? "started" : "would be started"} {trigger.type === "manual" ? "by hand" : trigger.type === "schedule" ? <Link to="/schedules" search={{ name: `${name}.${trigger.id}` }} className="text-accent-text underline">by the time</Link> : `by ${trigger.type}`}{trigger.source != null && <> <code>{trigger.source}</code></>}{trigger.condition != null && <> when <code>{trigger.condition}</code></>}</span>
      ))}
      <span><Link to="/workflows" search={{ workflow: name, version, status: "active" }} className="text-accent-text hover:underline">{open === undefined ? "–" : exact(open)} open</Link> of <Link to="/workflows" search={{ workflow: name, version }} className="text-accent-text hover:underline">{all === undefined ? "–" : exact(all)} on this version</Link></span>
      <span className="inline-flex items-center gap-1" title={hash}>hash <code>{hash.slice(0, 10)}</code><CopyButton text={hash} what="the hash" /></span>
    </div>
  );
}
