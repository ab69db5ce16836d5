import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import type { Router } from "../../api/events";
import { JsonView } from "../../kit/json-view";
import { Failure } from "../../kit/notice";
import { Select } from "../../kit/select";
import { text } from "../../model/json";
import { rulesOf, type Destination, type Target } from "../../model/router";
import { exact } from "../../model/time";
import { RANGES, useCounts } from "./counts";
import type { RouterCounts, RuleCounts } from "./figures";

/** What a router sends where, and how much of it went by in the time. */
export function Rules({ router: { name, document, mode } }: { readonly router: Router }): JSX.Element {
  const [match, description] = [text(document, "match"), text(document, "description")];
  const rules = rulesOf(document);
  const { range, setRange, own, byRule, error } = useCounts(name);
  const gone = [...(byRule ?? [])].filter(([key]) => !rules.some((rule) => rule.key === key));
  return (
    <>
      {description !== "" && <p>{description}</p>}
      <p className="text-muted">
        {match === "" ? "It is offered every event." : <>It is offered events for which <code className="rounded-sm bg-sunken px-1 break-words">{match}</code> holds.</>}
        {mode === "all" ? " Every rule that holds takes it." : " The first rule that holds takes it."}
      </p>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <p className="min-w-0 flex-1" aria-live="polite">{own === undefined ? <span className="text-faint">–</span> : <SeenLine {...own} />}</p>
        <Select aria-label="Time range" value={range} onChange={(event) => setRange(event.target.value)}>
          {RANGES.map(([value, words]) => <option key={value} value={value}>{words}</option>)}
        </Select>
      </div>
      {error !== null && <Failure error={error} />}
      <div className="overflow-x-auto rounded border border-line" tabIndex={0} role="region" aria-label="Rules">
        <table className="w-full text-left">
          <thead><tr className="border-b border-line text-sm text-faint"><th className="px-3 py-2 font-normal">Rule</th><th className="px-2 font-normal">Holds when</th><th className="px-2 font-normal">Leads to</th><th className="px-2 text-right font-normal max-sm:hidden">Took</th><th className="px-2 text-right font-normal max-sm:hidden">Sent on</th><th className="px-3 text-right font-normal max-sm:hidden">Failed</th></tr></thead>
          <tbody>
            {rules.map(({ key, condition, destination, priority, transform }) => (
              <tr key={key} className="border-b border-line align-top last:border-b-0">
                <td className="px-3 py-2 font-medium">{key}{priority !== "" && <span className="ml-2 rounded-sm border border-line-strong px-1 text-xs font-normal text-muted">{priority}</span>}<InWords counts={byRule?.get(key)} /></td>
                <td className="px-2 py-2">{condition === "" ? <span className="text-faint">no other does</span> : <code className="break-words">{condition}</code>}</td>
                <td className="px-2 py-2"><DestinationCell destination={destination} />{transform !== null && <span className="block text-sm text-faint">with an input of its own</span>}</td>
                <Counts counts={byRule?.get(key)} known={byRule !== undefined} />
              </tr>
            ))}
            {gone.map(([key, counts]) => (
              <tr key={key} className="border-b border-line text-muted last:border-b-0">
                <td className="px-3 py-2">{key}<InWords counts={counts} /></td><td className="px-2 py-2 text-faint" colSpan={2}>no rule of it any more</td><Counts counts={counts} known />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="text-sm text-faint">Counted as events are taken, on all nodes, by the minute; kept for 30 days. What could not be sent on is among the <Link to="/dead-letters" className="rounded text-accent-text underline">dead letters</Link>.</p>
      <section className="flex flex-col gap-1.5"><h3 className="text-sm font-semibold text-muted">As applied</h3><JsonView value={document} label="the router" /></section>
    </>
  );
}

function SeenLine({ seen, unrouted, failed }: RouterCounts): JSX.Element {
  if (seen === 0) return <>It saw no event in this time.</>;
  return (
    <>
      It saw <b className="font-medium">{exact(seen)}</b> {seen === 1 ? "event" : "events"}; {unrouted === 0 ? "a rule took each" : <>of <b className="font-medium">{exact(unrouted)}</b> no rule took any</>}
      {failed > 0 && <>, and <b className="font-medium text-failed">{exact(failed)}</b> could not be sent on</>}.
    </>
  );
}

/** The counts below the rule's name, where there is no room for columns. */
function InWords({ counts }: { readonly counts: RuleCounts | undefined }): JSX.Element {
  const { taken = 0, failed = 0 } = counts ?? {};
  return <span className="block text-sm font-normal whitespace-nowrap text-muted sm:hidden">took {exact(taken)}{failed > 0 && <span className="text-failed">, {exact(failed)} failed</span>}</span>;
}

function Counts({ counts, known }: { readonly counts: RuleCounts | undefined; readonly known: boolean }): JSX.Element {
  const { taken = 0, sent = 0, failed = 0 } = counts ?? {};
  const cell = "figures py-2 text-right max-sm:hidden";
  return (
    <>
      <td className={`${cell} px-2`}>{known ? exact(taken) : "–"}</td>
      <td className={`${cell} px-2`}>{known ? exact(sent) : "–"}</td>
      <td className={`${cell} px-3 ${failed > 0 ? "font-medium text-failed" : "text-faint"}`}>{known ? exact(failed) : "–"}</td>
    </>
  );
}

function DestinationCell({ destination: { targets, balance } }: { readonly destination: Destination }): JSX.Element {
  if (balance === "") return <>{targets.map((target) => <TargetLink key={target.name} target={target} />)}</>;
  return (
    <>
      <span className="text-sm text-muted">{balance} of</span>
      <ul>{targets.map((target) => <li key={target.name}><TargetLink target={target} />{target.weight !== "" && <span className="text-sm text-muted"> ×{target.weight}</span>}</li>)}</ul>
    </>
  );
}

function TargetLink({ target: { kind, name } }: { readonly target: Target }): JSX.Element {
  const look = "rounded text-accent-text underline";
  if (kind === "workflow") return <Link to="/definitions/$name" params={{ name }} className={look}>{name}</Link>;
  if (kind === "adapter") return <Link to="/adapters" search={{ name: name.split("/")[0] ?? name }} className={look}>{name}</Link>;
  return <>router <Link to="/routers" search={{ name }} className={look}>{name}</Link></>;
}
