import { useQuery } from "@tanstack/react-query";
import type { JSX } from "react";
import { childrenQuery } from "../../api/queries";
import { JsonView } from "../../kit/json-view";
import { Panel } from "../../kit/page";
import { RunLink } from "../../kit/run-link";
import { Status } from "../../kit/status";
import { Moment, Took } from "../../kit/time";
import type { Run } from "../../model/run/run";
import { exact } from "../../model/time";

interface DataProps {
  readonly id: string;
  readonly run: Run;
  readonly seq: number;
  readonly onStep: (step: string, lane: string) => void;
}

const MOST = 200;

/** What went in and came out, of the whole and of each step, as of the position. */
export function Data({ id, run, seq, onStep }: DataProps): JSX.Element {
  const instance = run.instance.at(seq);
  const { begun } = run.counts(seq, "completed");
  const steps = [...firstOf(run.begun(seq), MOST)].map(({ state }) => state);
  return (
    <div className="grid grid-cols-1 gap-4 p-4 lg:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-4">
        <Panel title="Input"><JsonView value={run.started?.input ?? null} label="the input" /></Panel>
        {instance.error !== undefined && (
          <Panel title="Error">
            <p className="mb-2"><code className="font-semibold text-failed">{instance.error.type}</code> <span className="break-words">{instance.error.message}</span></p>
            <JsonView value={instance.error.whole} label="the error" />
          </Panel>
        )}
        <Panel title="Output">{instance.endedAt > 0 ? <JsonView value={instance.output} label="the output" /> : <p className="text-muted">It has not ended at this position.</p>}</Panel>
        <Children id={id} />
      </div>
      <Panel title="Steps" flush aside={begun > MOST ? `the first ${exact(MOST)} of ${exact(begun)}` : undefined}>
        <ul>
          {steps.map((state) => (
            <li key={`${state.lane}|${state.step}`} className="border-b border-line last:border-b-0">
              <button type="button" onClick={() => onStep(state.step, state.lane)} className="grid w-full grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 px-4 py-2 text-left hover:bg-hover">
                <span className="truncate font-medium">{state.step}{state.lane !== "" && <span className="font-normal text-faint"> {state.lane}</span>}</span>
                <Status status={state.status} />
                <code className="col-span-2 truncate text-muted">{preview(state.error === undefined ? state.output : state.error.message)}</code>
              </button>
            </li>
          ))}
          {steps.length === 0 && <li className="p-4 text-muted">No step has begun at this position.</li>}
        </ul>
      </Panel>
    </div>
  );
}

function* firstOf<T>(all: Iterable<T>, most: number): Generator<T> {
  let count = 0;
  for (const each of all) {
    if (count >= most) return;
    yield each;
    count += 1;
  }
}

function preview(value: unknown): string {
  return value === null ? "no output" : typeof value === "string" ? value : JSON.stringify(value).slice(0, 200);
}

function Children({ id }: { readonly id: string }): JSX.Element | null {
  const children = useQuery(childrenQuery(id)).data?.items ?? [];
  if (children.length === 0) return null;
  return (
    <Panel title="Children" flush>
      <ul>
        {children.map((child) => (
          <li key={child.id} className="flex flex-wrap items-center gap-x-3 border-b border-line px-4 py-2 last:border-b-0">
            <span className="min-w-0 flex-1"><RunLink id={child.id} className="font-medium text-accent-text hover:underline">{child.workflow}</RunLink></span>
            <Status status={child.status} />
            <span className="text-sm text-muted"><Took from={child.created_at} to={child.ended_at} /></span>
            <span className="text-sm text-muted"><Moment at={child.created_at} /></span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
