import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import { instanceQuery } from "../../api/queries";
import { LinkedId, ShortId } from "../../kit/id";
import { Status } from "../../kit/status";
import { Took } from "../../kit/time";
import type { Child } from "../../model/run/state";
import { isOpen } from "../../model/status";
import { exact } from "../../model/time";

const SHOWN = 12;
const EVERY = 2_000;

/** The workflow that a step started, as it stands now, without leaving the page. */
export function ChildBox({ child }: { readonly child: Child }): JSX.Element {
  const { data } = useQuery({ ...instanceQuery(child.id), refetchInterval: ({ state }) => (state.data !== undefined && !isOpen(state.data.status) ? false : EVERY) });
  const steps = (data?.steps ?? []).filter((step) => step.lane === "");
  return (
    <section className="flex flex-col gap-1.5">
      <h3 className="text-sm font-semibold text-muted">Child, as it stands now</h3>
      <div className="overflow-hidden rounded border border-line">
        <p className="flex flex-wrap items-center gap-x-3 border-b border-line px-3 py-1.5">
          <span className="min-w-0 flex-1"><LinkedId id={child.id} what="the child's id"><Link to="/workflows/$id" params={{ id: child.id }} className="font-medium text-accent-text underline">{child.workflow} <ShortId id={child.id} /></Link></LinkedId></span>
          {data === undefined ? <span className="skeleton h-4 w-20" /> : <Status status={data.status} />}
        </p>
        <ol>
          {steps.slice(0, SHOWN).map((step) => (
            <li key={step.id}>
              <Link to="/workflows/$id" params={{ id: child.id }} search={{ step: step.id }} className="flex items-center gap-x-3 px-3 py-1 text-sm hover:bg-hover">
                <span className="min-w-0 flex-1 truncate">{step.id}</span>
                <Status status={step.status} />
                <span className="w-16 text-right text-muted">{step.started_at != null && <Took from={step.started_at} to={step.ended_at} />}</span>
              </Link>
            </li>
          ))}
          {steps.length > SHOWN && <li className="px-3 py-1 text-sm text-faint">and {exact(steps.length - SHOWN)} more</li>}
        </ol>
      </div>
    </section>
  );
}
