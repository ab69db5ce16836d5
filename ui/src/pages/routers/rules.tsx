import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import type { Router } from "../../api/events";
import { JsonView } from "../../kit/json-view";
import { text } from "../../model/json";
import { rulesOf, type Destination, type Target } from "../../model/router";
import { exact } from "../../model/time";

interface RulesProps {
  readonly router: Router;
  /** How many of the newest events each rule took; undefined: none that is known. */
  readonly counts: ReadonlyMap<string, number> | undefined;
  /** How many events that were; undefined while they are being read. */
  readonly over: number | undefined;
}

/** What a router sends where, and how much of late. */
export function Rules({ router: { document, mode }, counts, over }: RulesProps): JSX.Element {
  const [match, description] = [text(document, "match"), text(document, "description")];
  return (
    <>
      {description !== "" && <p>{description}</p>}
      <p className="text-muted">
        {match === "" ? "It is offered every event." : <>It is offered events for which <code className="rounded-sm bg-sunken px-1 break-words">{match}</code> holds.</>}
        {mode === "all" ? " Every rule that holds takes it." : " The first rule that holds takes it."}
      </p>
      <div className="overflow-x-auto rounded border border-line" tabIndex={0} role="region" aria-label="Rules">
        <table className="w-full text-left">
          <thead><tr className="border-b border-line text-sm text-faint"><th className="px-3 py-2 font-normal">Rule</th><th className="px-2 font-normal">Holds when</th><th className="px-2 font-normal">Leads to</th><th className="px-3 text-right font-normal">Took</th></tr></thead>
          <tbody>
            {rulesOf(document).map(({ key, condition, destination, priority, transform }) => (
              <tr key={key} className="border-b border-line align-top last:border-b-0">
                <td className="px-3 py-2 font-medium">{key}{priority !== "" && <span className="ml-2 rounded-sm border border-line-strong px-1 text-xs font-normal text-muted">{priority}</span>}</td>
                <td className="px-2 py-2">{condition === "" ? <span className="text-faint">no other does</span> : <code className="break-words">{condition}</code>}</td>
                <td className="px-2 py-2"><DestinationCell destination={destination} />{transform !== null && <span className="block text-sm text-faint">with an input of its own</span>}</td>
                <td className="px-3 py-2 text-right">{over === undefined ? "–" : exact(counts?.get(key) ?? 0)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {over !== undefined && <p className="text-sm text-faint">Counted over the newest {exact(over)} events that are kept.</p>}
      <section className="flex flex-col gap-1.5"><h3 className="text-sm font-semibold text-muted">As applied</h3><JsonView value={document} label="the router" /></section>
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
