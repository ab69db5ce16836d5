/** A record in a short sentence. */
import { count, isObject, member, text } from "./json";
import type { RunRecord } from "./run/state";

export function sentence(record: RunRecord): string {
  const { data } = record;
  const error = member(data, "error");
  const failure = isObject(error) ? `${text(error, "type")}: ${text(error, "message")}` : "";
  const attempt = count(data, "attempt");
  switch (record.type) {
    case "instance-started":
      return `${text(data, "workflow")} ${text(data, "version")} was started`;
    case "step-scheduled":
      return `the first attempt goes to ${callee(data)}`;
    case "step-started": {
      const child = member(data, "child");
      if (isObject(child)) return `starts ${text(child, "workflow")} ${text(child, "version")}`;
      if (text(data, "until") !== "") return `waits until ${text(data, "until")}`;
      return `begins ${amount(count(data, "lanes"), "lane")}`;
    }
    case "step-overruled":
      return [OVERRULED[text(data, "how")] ?? "an operator overruled it", text(data, "reason")].filter((part) => part !== "").join(". ");
    case "instance-queued":
      return `its steps begin at ${text(data, "start_at")}`;
    case "turn-awaited":
      return "waits for its turn under the limit of its workflow";
    case "instance-begun":
      return "its steps begin";
    case "instance-paused":
      return ["is held: nothing new begins", text(data, "reason")].filter((part) => part !== "").join(". ");
    case "instance-resumed":
      return ["goes on", text(data, "reason")].filter((part) => part !== "").join(": ");
    case "signal-awaited":
      return [`waits for the signal ${text(data, "signal")}`, text(data, "until")].filter((part) => part !== "").join(", until ");
    case "signal-received":
      return `the signal ${text(data, "signal")} came`;
    case "signal-taken":
      return `takes the signal ${text(data, "signal")} of record ${String(count(data, "received"))}`;
    case "event-awaited":
      return [`waits for an event ${text(data, "event_type")} with key ${text(data, "key")}`, text(data, "until")].filter((part) => part !== "").join(", until ");
    case "event-met":
      return `takes the event ${text(data, "event_type")} ${text(data, "event")}`;
    case "event-emitted":
      return `publishes the event ${text(data, "event_type")} ${text(data, "event")}`;
    case "deadline-passed":
      return `is late: publishes the event ${text(data, "event_type")} ${text(data, "event")}`;
    case "wait-expired":
      return "what it waited for did not come in time: it goes on without";
    case "lanes-paced":
      return `the next items are due at ${text(data, "due_at")}`;
    case "lanes-opened":
      return `lanes ${String(count(data, "from"))} to ${String(count(data, "to") - 1)} begin`;
    case "dead-lettered":
      return `${called(data)} was given up and is kept as a dead letter. ${failure}`;
    case "instance-retried":
      return because("goes on from the steps that failed", data);
    case "restore-requested":
      return because(`goes back to how it was after record ${String(count(data, "to_seq"))}, once what was done since is undone`, data);
    case "instance-restored":
      return because(`goes on from how it was after record ${String(count(data, "to_seq"))}`, data);
    case "instance-migrated":
      return because(`goes on with version ${text(data, "version")}`, data);
    case "steps-taken":
      return `${amount(taken(data), "step")} ${taken(data) === 1 ? "counts" : "count"} as done, as in run ${text(data, "from")}`;
    case "attempt-failed":
      return `attempt ${String(attempt)} failed. ${failure}`;
    case "retry-scheduled":
      return `attempt ${String(attempt)} is due at ${text(data, "due_at")}`;
    case "attempt-started":
    case "step-rescheduled":
      return `attempt ${String(attempt)} begins`;
    case "decision-requested":
      return `a person has to decide. ${failure}`;
    case "decision-made":
      return [`${text(data, "by")} decided: ${text(data, "choice")}`, text(data, "comment")].filter((part) => part !== "").join(". ");
    case "cancel-requested":
      return [`is to be cancelled${member(data, "compensate") === false ? ", nothing is undone" : ""}`, text(data, "reason")].filter((part) => part !== "").join(". ");
    case "result-ignored":
      return `a late result changes nothing: ${text(data, "reason")}`;
    case "lane-ended":
      return `lane ${String(count(data, "lane"))} ended ${text(data, "outcome")}`;
    case "compensation-scheduled":
      return `is being undone by ${callee(data)}`;
    case "compensation-ended":
      return `its undo ended: ${text(data, "outcome")}`;
    default:
      return failure;
  }
}

const OVERRULED: Readonly<Record<string, string>> = {
  skip: "an operator skips it", complete: "an operator supplies its output", fail: "an operator has it fail", retry: "an operator has it tried at once",
};

function callee(data: RunRecord["data"]): string {
  return called(member(data, "plan"));
}

function called(of: RunRecord["data"]): string {
  return [text(of, "adapter"), text(of, "action")].filter((part) => part !== "").join(" · ") || "a workflow";
}

function because(what: string, data: RunRecord["data"]): string {
  return [what, text(data, "reason")].filter((part) => part !== "").join(": ");
}

function taken(data: RunRecord["data"]): number {
  const places = member(data, "places");
  return Array.isArray(places) ? places.length : 0;
}

function amount(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? "" : "s"}`;
}
