/** How an adapter stands: its breakers, what waits, and the switches of an incident. */
import { useState, type JSX } from "react";
import type { Schemas } from "../../api/client";
import { Button } from "../../kit/button";
import { Facts } from "../../kit/page";
import { utc } from "../../model/time";
import { LimitsDialog } from "./limits-dialog";
import { TryDialog } from "./try-dialog";
import { SWITCHES, SwitchDialog, type Action, type Chosen } from "./switch-dialog";

type Adapter = Schemas["Adapter"];
type Target = Schemas["AdapterTarget"];

/** A time of the API, for people. */
function moment(at: string): string {
  return utc(Date.parse(at));
}

/** The worst that is to be said of an adapter, in a word. */
export function stateOf({ status }: Adapter): string {
  if (status.state !== "running") return status.state;
  const worst = ["open", "half-open"].find((state) => status.targets.some(({ breaker }) => breaker === state));
  return worst === undefined ? "running" : `breaker ${worst}`;
}

export function Standing({ adapter }: { readonly adapter: Adapter }): JSX.Element {
  const [chosen, setChosen] = useState<Chosen>();
  const [limiting, setLimiting] = useState(false);
  const [trying, setTrying] = useState(false);
  const { status, name } = adapter;
  const held = status.state !== "running";
  const open = status.targets.some(({ breaker }) => breaker === "open" || breaker === "half-open");
  return (
    <section className="flex flex-col gap-3">
      <h3 className="text-sm font-semibold text-muted">How it stands</h3>
      <Facts items={[["State", sentence(adapter)], ["Under way", String(status.in_flight)], ["Wait", status.waits_for == null ? String(status.waiting) : `${String(status.waiting)}: ${status.waits_for}`], ["Limits", limits(adapter)]]} />
      <div className="flex flex-wrap gap-2">
        {(held ? ["resume"] as const : ["pause", "drain"] as const).map((action) => <Button key={action} onClick={() => setChosen({ action })}>{SWITCHES[action].verb}</Button>)}
        <Button onClick={() => setChosen({ action: open ? "reset-breaker" : "open-breaker" })}>{SWITCHES[open ? "reset-breaker" : "open-breaker"].verb}</Button>
        <Button title="Other limits for a while" onClick={() => setLimiting(true)}>Limits</Button>
        <Button title="Call an action once" onClick={() => setTrying(true)}>Try a call</Button>
      </div>
      {trying && <TryDialog adapter={adapter} onClose={() => setTrying(false)} />}
      {limiting && <LimitsDialog adapter={adapter} onClose={() => setLimiting(false)} />}
      <ul className="flex flex-col gap-2">
        {status.targets.map((target) => <TargetItem key={target.name} target={target} single={status.targets.length === 1} choose={(action) => setChosen({ action, target: target.name })} />)}
      </ul>
      {chosen !== undefined && (
        <SwitchDialog adapter={name} {...chosen} onClose={() => setChosen(undefined)} />
      )}
    </section>
  );
}

function TargetItem({ target, single, choose }: { readonly target: Target; readonly single: boolean; readonly choose: (action: Action) => void }): JSX.Element {
  const held = target.switched != null && target.switched.action !== "open-breaker";
  const open = target.breaker === "open" || target.breaker === "half-open";
  return (
    <li className="flex flex-col gap-1 rounded border border-line p-2.5">
      <div className="flex items-baseline justify-between gap-2"><code className="min-w-0 truncate">{target.name}</code><span className={open ? "text-failed" : "text-muted"}>{target.breaker === "none" ? "no breaker" : target.breaker}</span></div>
      <p className="text-sm text-muted">{told(target)}</p>
      {!single && (
        <div className="flex flex-wrap gap-2">
          <Button onClick={() => choose(held ? "resume" : "pause")}>{SWITCHES[held ? "resume" : "pause"].verb}</Button>
          <Button onClick={() => choose(open ? "reset-breaker" : "open-breaker")}>{SWITCHES[open ? "reset-breaker" : "open-breaker"].verb}</Button>
        </div>
      )}
    </li>
  );
}

function told({ why, since, until, calls, failure_rate, in_flight, switched }: Target): string {
  const parts = [
    switched == null ? "" : `${switched.action} by ${switched.by}: ${switched.reason}`,
    switched == null && why != null ? why : "",
    since == null ? "" : `since ${moment(since)}`,
    until == null ? "" : `probed from ${moment(until)} on`,
    calls === 0 ? "" : `${String(Math.round(failure_rate * 100))} % of ${String(calls)} calls failed`,
    `${String(in_flight)} under way`,
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

function sentence({ status }: Adapter): string {
  const { switched, state } = status;
  return switched == null ? state : `${state} by ${switched.by} since ${moment(switched.at)}: ${switched.reason}`;
}

function limits({ status }: Adapter): string {
  const { concurrency, rate, overridden } = status;
  const own = [rate ?? "", concurrency == null ? "64 at once on each node" : `${String(concurrency)} at once`].filter((part) => part !== "").join(", ");
  return overridden == null ? own : `${own}, set by ${overridden.by} until ${moment(overridden.until)}: ${overridden.reason}`;
}
