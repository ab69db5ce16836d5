import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type JSX } from "react";
import type { Schemas } from "../../api/client";
import { adaptersQuery } from "../../api/queries";
import { Button, buttonClass } from "../../kit/button";
import { useNow } from "../../kit/clock";
import * as icons from "../../kit/icons";
import { Panel } from "../../kit/page";
import { clockTime, exact, span } from "../../model/time";
import { stateOf } from "../adapters/standing";
import { SWITCHES, SwitchDialog, type Chosen } from "../adapters/switch-dialog";

type Adapter = Schemas["Adapter"];

/** Adapters to which no call goes out now: their breaker is open, or somebody holds them. */
export function useHeldAdapters(): readonly Adapter[] {
  return (useQuery(adaptersQuery).data?.items ?? []).filter((adapter) => stateOf(adapter) !== "running");
}

export function HeldAdapters(): JSX.Element | null {
  const held = useHeldAdapters();
  const [asked, setAsked] = useState<Chosen & { readonly adapter: string }>();
  if (held.length === 0) return null;
  return (
    <Panel title={<span className="inline-flex items-center gap-2"><icons.Slash className="text-failed" />No call goes out to</span>} flush aside={<Link to="/adapters" className="text-accent-text hover:underline">{exact(held.length)} {held.length === 1 ? "adapter" : "adapters"}</Link>}>
      <ul>
        {held.map((adapter) => {
          const action = adapter.status.state === "running" ? "reset-breaker" : "resume";
          return (
            <li key={adapter.name} className="flex flex-wrap items-center gap-x-3 gap-y-1.5 border-b border-line px-4 py-2.5 last:border-b-0">
              <icons.Slash className="text-failed" />
              <p className="min-w-0 flex-1 basis-64"><span className="font-medium">{adapter.name}</span> <span className="text-muted"><Told adapter={adapter} /></span></p>
              <Link to="/adapters" search={{ name: adapter.name }} className={buttonClass("quiet", true)}>Look</Link>
              <Button small title={SWITCHES[action].what} onClick={() => setAsked({ adapter: adapter.name, action })}>{SWITCHES[action].verb}</Button>
            </li>
          );
        })}
      </ul>
      {asked !== undefined && <SwitchDialog {...asked} onClose={() => setAsked(undefined)} />}
    </Panel>
  );
}

function Told({ adapter }: { readonly adapter: Adapter }): JSX.Element {
  const now = useNow();
  const { status } = adapter;
  const open = status.targets.filter(({ breaker }) => breaker === "open" || breaker === "half-open");
  const since = Math.min(...open.flatMap((target) => (target.since == null ? [] : [Date.parse(target.since)])));
  const next = Math.min(...open.flatMap((target) => (target.until == null ? [] : [Date.parse(target.until)])));
  const parts = status.switched == null ? [
    stateOf(adapter) + (open.length < status.targets.length ? ` at ${open.map(({ name }) => name).join(", ")}` : ""),
    Number.isFinite(since) ? `since ${clockTime(since)}` : "",
    Number.isFinite(next) ? (next > now ? `next try in ${span(next - now)}` : "a try is due") : "",
  ] : [`${status.state} by ${status.switched.by}`, `since ${clockTime(Date.parse(status.switched.at))}`, status.switched.reason];
  const waits = status.waiting > 0 ? `; ${exact(status.waiting)} ${status.waiting === 1 ? "call waits" : "calls wait"}` : "";
  return <>{parts.filter((part) => part !== "").join(", ")}{waits}</>;
}
