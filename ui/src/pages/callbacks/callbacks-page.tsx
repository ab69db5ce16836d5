import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { JSX } from "react";
import { callbacksQuery, type Callback } from "../../api/callbacks";
import { callbacksRoute } from "../../app/router";
import { Empty } from "../../kit/empty";
import * as icons from "../../kit/icons";
import { CopyButton } from "../../kit/id";
import { useKeys } from "../../kit/keys";
import { Failure } from "../../kit/notice";
import { Facts, Page, Skeleton } from "../../kit/page";
import { Tabs } from "../../kit/tabs";
import { Deliveries } from "./deliveries";

const SHOWN = [{ id: "all", name: "All" }, { id: "pending", name: "Under way" }, { id: "delivered", name: "Delivered" }, { id: "failed", name: "Given up" }] as const;

export default function CallbacksPage(): JSX.Element {
  const { name } = callbacksRoute.useSearch();
  const { data, error, refetch } = useQuery(callbacksQuery);
  const callbacks = data?.items ?? [];
  const callback = callbacks.find((each) => each.name === name) ?? (name === undefined ? callbacks[0] : undefined);
  return (
    <Page filled title="Callbacks">
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <Skeleton lines={6} />}
      {data?.items.length === 0 && (
        <Empty title="Nobody is told of anything yet" command="orchestrator apply -f callbacks.yaml">
          A callback tells an outside system of what becomes of workflows, by a webhook: that one completed, failed, or asks a person. It is a YAML file, given to the server so:
        </Empty>
      )}
      {callbacks.length > 0 && callback === undefined && <Empty title="There is no such callback">It may have been taken away, or the address is misspelt. <Link to="/callbacks" search={{}} className="text-accent-text underline">Show all callbacks</Link>.</Empty>}
      {callback !== undefined && <Both callbacks={callbacks} callback={callback} />}
    </Page>
  );
}

function Both({ callbacks, callback }: { readonly callbacks: readonly Callback[]; readonly callback: Callback }): JSX.Element {
  const { show } = callbacksRoute.useSearch();
  const navigate = useNavigate({ from: "/callbacks" });
  const at = callbacks.indexOf(callback);
  const open = (next: Callback | undefined): void => void (next !== undefined && navigate({ search: (before) => ({ ...before, name: next.name }), replace: true }));
  useKeys({ j: () => open(callbacks[at + 1]), k: () => open(callbacks[at - 1]) });
  const status = SHOWN.find(({ id }) => id === show)?.id ?? "all";
  return (
    <div className="grid min-h-0 flex-1 gap-4 max-md:grid-rows-[auto_1fr] md:grid-cols-[minmax(220px,1fr)_3fr]">
      <nav aria-label="List of callbacks" className="min-h-0 overflow-y-auto rounded border border-line bg-raised max-md:max-h-[164px]">
        <ul>
          {callbacks.map((each) => (
            <li key={each.name} className={`border-b border-line ${each === callback ? "bg-selected" : "hover:bg-hover"}`}>
              <Link to="/callbacks" search={(before) => ({ ...before, name: each.name })} replace aria-current={each === callback ? "true" : undefined} className="flex h-[52px] flex-col justify-center px-3">
                <span className="flex items-center gap-2"><icons.Callbacks size={14} className="text-muted" /><span className="min-w-0 flex-1 truncate font-medium">{each.name}</span></span>
                <span className="truncate text-sm text-muted">{each.event} to {each.url}</span>
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <section aria-label={`The callback ${callback.name}`} className="flex min-h-0 flex-col gap-3 overflow-y-auto">
        <About callback={callback} />
        <Tabs label="Which deliveries" tabs={SHOWN} current={status} onChange={(next) => void navigate({ search: (before) => ({ ...before, show: next === "all" ? "" : next }), replace: true })} />
        <Deliveries key={`${callback.name}/${status}`} callback={callback} status={status === "all" ? undefined : status} />
      </section>
    </div>
  );
}

function About({ callback: { name, event, url, workflow, when, ordered, signed, adapter } }: { readonly callback: Callback }): JSX.Element {
  return (
    <div className="flex flex-col gap-3 rounded border border-line bg-raised p-4">
      <h2 className="flex items-center gap-1 text-lg font-semibold break-all">{name}<CopyButton text={name} what="the name" /></h2>
      <Facts items={[
        ["Tells of", workflow == null ? event : <>{event} of <Link to="/definitions/$name" params={{ name: workflow }} className="rounded text-accent-text underline">{workflow}</Link></>],
        ["Sends to", <code key="url" className="break-all">{url}</code>],
        ...(when == null ? [] : [["When", <code key="when" className="break-words">{when}</code>] as const]),
        ["How", `${signed ? "signed" : "not signed"}, ${ordered ? "one at a time, in order" : "in any order"}`],
        ["Held back by", <Link key="adapter" to="/adapters" search={{ name: adapter }} className="rounded text-accent-text hover:underline" title="Its breaker, its limits, and the switch that holds it">{adapter}</Link>],
      ]} />
    </div>
  );
}
