import { useMemo, type JSX } from "react";
import { compareRoute } from "../../app/router";
import { Empty } from "../../kit/empty";
import { JsonView } from "../../kit/json-view";
import { Page, Panel } from "../../kit/page";
import { RunLink } from "../../kit/run-link";
import { Status } from "../../kit/status";
import { Moment, Took } from "../../kit/time";
import { useRun, type LiveRun } from "../../live/use-run";
import { compareRuns } from "../../model/compare";
import type { StepState } from "../../model/run/state";
import { undoOf } from "../../model/summary";

export default function ComparePage(): JSX.Element {
  const { left = "", right = "" } = compareRoute.useSearch();
  if (left === "" || right === "") {
    return <Empty title="Two runs beside each other">Open a workflow and press Compare: this page shows step by step where the two went different ways.</Empty>;
  }
  return <Both key={`${left}|${right}`} left={left} right={right} />;
}

function Both({ left, right }: { readonly left: string; readonly right: string }): JSX.Element {
  const [a, b] = [useRun(left), useRun(right)];
  const pairs = useMemo(() => compareRuns(a.run, b.run), [a.run, b.run, a.version, b.version]); // eslint-disable-line react-hooks/exhaustive-deps -- a run is the same object throughout; its version says that it grew
  const different = pairs.filter((pair) => pair.differs.length > 0).length;
  return (
    <Page title="Compare two runs">
      <div className="grid grid-cols-1 gap-4 md:grid-cols-2"><Side id={left} live={a} /><Side id={right} live={b} /></div>
      <Panel title="Steps" flush aside={different === 0 ? "no difference" : `${String(different)} of ${String(pairs.length)} differ`}>
        <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Steps of both runs">
          <table className="w-full min-w-[640px] text-left">
            <thead><tr className="border-b border-line text-sm text-faint"><th className="px-4 py-2 font-normal">Step</th><th className="px-2 font-normal">Left</th><th className="px-2 font-normal">Right</th><th className="px-2 font-normal">Differs in</th></tr></thead>
            <tbody>
              {pairs.map(({ step, lane, left: one, right: two, differs }) => (
                <tr key={`${lane}|${step}`} className="border-b border-line align-top last:border-b-0">
                  <td className="px-4 py-2 font-medium">{step}{lane !== "" && <span className="font-normal text-faint"> {lane}</span>}</td>
                  <td className="px-2 py-2"><Cell state={one} /></td><td className="px-2 py-2"><Cell state={two} /></td>
                  <td className="px-2 py-2 text-sm">{differs.length === 0 ? <span className="text-faint">nothing</span> : <span className="text-waiting">{differs.join(", ")}</span>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Panel>
    </Page>
  );
}

function Side({ id, live: { run } }: { readonly id: string; readonly live: LiveRun }): JSX.Element {
  const instance = run.instance.now;
  return (
    <Panel title={<RunLink id={id} className="hover:underline">{run.started?.workflow} <span className="font-normal text-faint">{instance.version}</span></RunLink>} aside={<Status status={instance.status} />}>
      {run.started !== undefined && <p className="mb-2 text-sm text-muted">started <Moment at={run.started.at} />, took <Took from={run.started.at} to={instance.endedAt} /></p>}
      <JsonView value={run.started?.input ?? null} label="the input" />
    </Panel>
  );
}

const UNDO_WORDS = { running: "undoing", done: "undone", failed: "stuck" } as const;

function Cell({ state }: { readonly state: StepState | undefined }): JSX.Element {
  if (state === undefined) return <span className="text-faint">did not run</span>;
  const undo = undoOf(state);
  return (
    <span className="flex flex-wrap items-center gap-x-3">
      <Status status={state.status} />
      {state.startedAt > 0 && <span className="text-sm text-muted"><Took from={state.startedAt} to={state.endedAt} /></span>}
      {undo !== "none" && <Status status={UNDO_WORDS[undo]} />}
      {state.attempt > 1 && <span className="text-sm text-muted">{state.attempt} attempts</span>}
      {state.error !== undefined && <code className="w-full text-failed">{state.error.type}</code>}
    </span>
  );
}
