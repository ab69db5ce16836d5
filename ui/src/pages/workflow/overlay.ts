/** What a run at some position lays over the drawing of its definition. */
import type { StepOverlay } from "../../graph/nodes";
import { laneWords } from "../../graph/nodes";
import type { Overlay } from "../../graph/flow-graph";
import { lookOf } from "../../kit/status";
import { stepsOf, type Flow, type FlowStep } from "../../model/flow";
import type { Box } from "../../model/layout";
import { text } from "../../model/json";
import type { Run } from "../../model/run/run";
import { isOpen, stepHasEnded } from "../../model/status";
import { summarise, wasTaken, type StepSummary } from "../../model/summary";
import { exact } from "../../model/time";

/** `inside` are the steps of children that are drawn. */
export function overlayOf(flow: Flow, run: Run, seq: number, open: ReadonlySet<string>, inside: ReadonlyMap<string, StepSummary>): Overlay {
  const steps = new Map<string, FlowStep>();
  const parents = new Map<string, string>();
  for (const step of stepsOf(flow)) {
    steps.set(step.id, step);
    for (const list of [...step.lists, ...step.catches]) for (const inner of list.steps) parents.set(inner.id, step.id);
  }
  const summaries = new Map<string, StepSummary | undefined>();
  for (const id of steps.keys()) summaries.set(id, inside.get(id) ?? summarise(run, id, seq));
  const ended = !isOpen(run.instance.at(seq).status);
  return {
    box: (box) => (box.kind === "trigger" ? triggerOf(run) : stateOf(box, summaries.get(box.id), ended)),
    link: (from, to, role) => {
      if (from === "trigger") return summaries.get(to) === undefined ? "open" : "taken";
      const [source, target] = [summaries.get(from), summaries.get(to)];
      if (wasTaken(source, target, role)) return "taken";
      const parent = parents.get(to);
      const over = ended || (parent !== undefined && hasEnded(summaries.get(parent)));
      const chosen = role === "enter" && steps.get(from)?.kind === "switch" && source !== undefined && source.inside?.opened !== 0;
      return over || chosen || (role === "catch" && hasEnded(source)) ? "passed" : "open";
    },
    undone: undoneIn(run, seq, parents, steps, open),
  };
}

function hasEnded(summary: StepSummary | undefined): boolean {
  return summary !== undefined && stepHasEnded(summary.status);
}

function triggerOf(run: Run): StepOverlay {
  const [kind = "", name = ""] = (run.records[0]?.cause ?? "").split(":");
  const note = kind === "hook" ? `webhook ${name}` : kind === "api" ? "by hand" : name === "" ? "start" : `by its ${kind}`;
  return { status: "completed", words: note, note, from: 0, to: 0, lanes: undefined, child: undefined, undo: "none", faint: false };
}

function stateOf(box: Box, summary: StepSummary | undefined, ended: boolean): StepOverlay | undefined {
  if (box.step === undefined) return undefined;
  if (summary === undefined) {
    return { status: "pending", words: ended ? "did not run" : "has not begun", note: "", from: 0, to: 0, lanes: undefined, child: undefined, undo: "none", faint: true };
  }
  const note = noteOf(summary);
  const { only } = summary;
  return {
    status: summary.status, note, words: [lookOf(summary.status).word, note].filter((part) => part !== "").join(", "),
    from: only?.startedAt ?? 0, to: only?.endedAt ?? 0, lanes: box.step.opens ? summary.inside : undefined, child: only?.child, undo: summary.undo, faint: summary.status === "pending",
  };
}

function noteOf({ only, inside, byStatus, lanes, status }: StepSummary): string {
  if (inside !== undefined && inside.total > 1) return laneWords(inside);
  if (only === undefined) return `${exact(byStatus.get("completed") ?? 0)} of ${exact(lanes)} done`;
  if (status === "pending") return "to run again";
  if (only.takenFrom !== "") return "done in another run";
  if (only.caught) return "failed, caught";
  const most = only.plan?.maxAttempts ?? 0;
  if (status === "retrying" || (status === "running" && only.attempt > 1)) return `attempt ${String(only.attempt + Number(status === "retrying"))}${most > 0 ? ` of ${String(most)}` : ""}`;
  return "";
}

/** The steps in the order in which they were undone; what is not drawn stands for by the block around it. */
function undoneIn(run: Run, seq: number, parents: ReadonlyMap<string, string>, steps: ReadonlyMap<string, FlowStep>, open: ReadonlySet<string>): string[] {
  const { error, renewedAt } = run.instance.at(seq);
  const seen = run.undone.filter((entry) => entry.seq > renewedAt && entry.seq <= seq).map((entry) => entry.key.slice(entry.key.lastIndexOf("|") + 1));
  // The way back begins where it failed.
  const failed = text(error?.whole ?? null, "step").split("/").at(-1) ?? "";
  const order: string[] = [];
  for (let id of seen.length > 0 && failed !== "" ? [failed, ...seen] : seen) {
    for (let parent = parents.get(id); parent !== undefined; parent = parents.get(parent)) {
      const block = steps.get(parent);
      if (block !== undefined && block.opens && !open.has(parent)) id = parent;
    }
    if (order.at(-1) !== id) order.push(id);
  }
  return order;
}
