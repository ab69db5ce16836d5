import { useQuery } from "@tanstack/react-query";
import { useMemo, type JSX } from "react";
import { stringify } from "yaml";
import { versionQuery } from "../../api/queries";
import { CopyButton } from "../../kit/id";
import { Skeleton } from "../../kit/page";
import { Select } from "../../kit/select";
import { diffLines } from "../../model/diff";
import { isObject, type Json } from "../../model/json";

interface SourceProps {
  readonly name: string;
  readonly version: string;
  readonly versions: readonly string[];
  /** The version to lay beside; undefined: the source alone. */
  readonly against: string | undefined;
  readonly onAgainst: (version: string) => void;
}

/** Keys in the order in which people write them; the server keeps them by the alphabet. */
const FIRST = ["name", "version", "trigger", "triggers", "input", "priority", "subject", "attributes", "timeout", "defaults", "on-failure", "id", "when", "adapter", "action", "workflow", "for-each", "as", "join", "parallel", "switch"];
const LAST = ["steps", "catch", "compensation", "output", "finally"];

export function asYaml(document: Json): string {
  return stringify({ workflow: ordered(document) }, { lineWidth: 110 });
}

function ordered(value: Json): Json {
  if (Array.isArray(value)) return value.map(ordered);
  if (!isObject(value)) return value;
  const rank = (key: string): number => (FIRST.includes(key) ? FIRST.indexOf(key) : LAST.includes(key) ? 100 + LAST.indexOf(key) : 50);
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => rank(a) - rank(b)).map(([key, inner]) => [key, ordered(inner)]));
}

export default function Source({ name, version, versions, against, onAgainst }: SourceProps): JSX.Element {
  const document = useQuery(versionQuery(name, version)).data?.document;
  const text = useMemo(() => (document === undefined ? "" : asYaml(document)), [document]);
  if (document === undefined) return <div className="flex-1 p-6"><Skeleton lines={8} /></div>;
  if (against !== undefined) return <Versions name={name} version={version} versions={versions} text={text} against={against} onAgainst={onAgainst} />;
  return (
    <div className="relative min-w-0 flex-1 overflow-auto" tabIndex={0} role="region" aria-label="Source">
      <div className="absolute top-2 right-2"><CopyButton text={text} what="the source" /></div>
      <pre className="p-4 leading-5">{text.split("\n").map((line, index) => <Line key={index} number={index + 1} text={line} />)}</pre>
    </div>
  );
}

function Line({ number, text }: { readonly number: number; readonly text: string }): JSX.Element {
  const [, indent = "", key = "", rest = text] = /^(\s*(?:- )?)([\w-]+:)?(.*)$/.exec(text) ?? [];
  return <div className="flex"><span aria-hidden="true" className="w-10 shrink-0 pr-3 text-right text-faint select-none">{number}</span><span className="whitespace-pre-wrap">{indent}<span className="text-accent-text">{key}</span>{rest}</span></div>;
}

interface VersionsProps {
  readonly name: string;
  readonly version: string;
  readonly versions: readonly string[];
  readonly text: string;
  readonly against: string;
  readonly onAgainst: (version: string) => void;
}

function Versions({ name, version, versions, text, against, onAgainst }: VersionsProps): JSX.Element {
  const others = versions.filter((each) => each !== version);
  const before = versions[versions.indexOf(version) - 1];
  const chosen = others.includes(against) ? against : (before ?? others[0] ?? "");
  const other = useQuery(versionQuery(name, chosen)).data?.document;
  const lines = useMemo(() => (other === undefined ? [] : diffLines(asYaml(other), text)), [other, text]);
  if (others.length === 0) return <p className="flex-1 p-6 text-muted">There is one version only. A version never changes: raise <code>version</code>, apply again, and the two are laid beside each other here.</p>;
  const changed = lines.filter((line) => line.kind !== "same").length;
  return (
    <div className="flex min-w-0 flex-1 flex-col">
      <div className="flex flex-wrap items-center gap-3 border-b border-line px-4 py-2">
        <label className="flex items-center gap-2">From
          <Select  value={chosen} onChange={(event) => onAgainst(event.target.value)}>{others.map((each) => <option key={each}>{each}</option>)}</Select>
        </label>
        <span>to {version}</span>
        <span className="text-sm text-muted">{changed === 0 ? "no difference" : `${String(lines.filter((line) => line.kind === "added").length)} lines added, ${String(lines.filter((line) => line.kind === "removed").length)} removed`}</span>
      </div>
      <div className="min-h-0 flex-1 overflow-auto" tabIndex={0} role="region" aria-label="Difference">
        <pre className="py-2 leading-5">
          {lines.map(({ kind, text: line }, index) => (
            <div key={index} className={`px-4 whitespace-pre-wrap ${kind === "added" ? "tint-completed" : kind === "removed" ? "tint-failed" : ""}`}>
              <span className={`inline-block w-5 select-none ${kind === "added" ? "text-completed" : "text-failed"}`}>{kind === "added" ? "+" : kind === "removed" ? "−" : ""}</span>{line}
            </div>
          ))}
        </pre>
      </div>
    </div>
  );
}
