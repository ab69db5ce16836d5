/**
 * A workflow's definition as a tree of steps and lists. It knows nothing of runs and nothing of drawing: the run view
 * lays its state over it, and an editor will change it.
 */
import { isObject, member, text, type Json, type JsonObject } from "./json";

export type StepKind =
  | "adapter" | "workflow" | "parallel" | "switch" | "for-each" | "repeat" | "wait" | "decision"
  | "emit" | "set" | "fail" | "complete" | "break" | "group";

export type ListRole = "root" | "finally" | "branch" | "case" | "body" | "catch";

export interface FlowList {
  readonly role: ListRole;
  /** What chooses it: a branch's name, a case's condition, a caught error. */
  readonly label: string;
  /** Its place among the lists of its step, as lanes count them. */
  readonly index: number;
  readonly steps: readonly FlowStep[];
}

export interface FlowStep {
  readonly id: string;
  readonly kind: StepKind;
  /** What it does, in a few words: `billing-system · create`. */
  readonly does: string;
  /** Steps of its list that it follows; undefined: the one before it. */
  readonly needs: readonly string[] | undefined;
  /** Its inside is drawn only when it was opened: it may have thousands of lanes, or is another workflow. */
  readonly opens: boolean;
  /** What undoes it; empty: nothing. */
  readonly undo: string;
  readonly lists: readonly FlowList[];
  readonly catches: readonly FlowList[];
  readonly document: JsonObject;
}

export interface Flow {
  readonly name: string;
  readonly version: string;
  readonly root: FlowList;
  readonly final: FlowList | undefined;
  readonly document: JsonObject;
}

const KINDS: readonly StepKind[] = [
  "adapter", "workflow", "parallel", "switch", "for-each", "repeat", "wait", "decision", "emit", "set", "fail",
  "complete", "break",
];

export function parseFlow(document: Json): Flow {
  const root: JsonObject = isObject(document) ? document : {};
  const final = member(root, "finally");
  return {
    name: text(root, "name"),
    version: text(root, "version"),
    root: list("root", "", 0, member(root, "steps")),
    final: Array.isArray(final) ? list("finally", "finally", 0, final) : undefined,
    document: root,
  };
}

/** Every step, outer ones before those inside. */
export function* stepsOf(flow: Flow): Generator<FlowStep> {
  yield* stepsIn(flow.root);
  if (flow.final !== undefined) yield* stepsIn(flow.final);
}

function* stepsIn(of: FlowList): Generator<FlowStep> {
  for (const step of of.steps) {
    yield step;
    for (const inner of [...step.lists, ...step.catches]) yield* stepsIn(inner);
  }
}

function list(role: ListRole, label: string, index: number, steps: Json): FlowList {
  const items = Array.isArray(steps) ? steps.filter(isObject) : [];
  return { role, label, index, steps: items.map(parseStep) };
}

function parseStep(document: JsonObject): FlowStep {
  const kind = KINDS.find((key) => key in document) ?? "group";
  const needs = document["needs"];
  return {
    id: text(document, "id"),
    kind,
    does: describe(kind, document),
    needs: Array.isArray(needs) ? needs.filter((need) => typeof need === "string") : undefined,
    opens: kind === "for-each" || kind === "repeat" || kind === "workflow",
    undo: undoOf(document["compensation"]),
    lists: listsOf(kind, document),
    catches: catchesOf(document["catch"]),
    document,
  };
}

function describe(kind: StepKind, document: JsonObject): string {
  switch (kind) {
    case "adapter":
      return [text(document, "adapter"), text(document, "action")].filter((part) => part !== "").join(" · ");
    case "workflow":
      return [text(document, "workflow"), text(document, "version")].filter((part) => part !== "").join(" ");
    case "parallel":
      return joins(document["join"]);
    case "switch":
      return "the first case that holds";
    case "for-each":
      return typeof document["for-each"] === "string" ? document["for-each"] : "pages of a source";
    case "repeat":
      return "repeats";
    case "wait":
      return waits(document["wait"] ?? null);
    case "decision":
      return "a person decides";
    case "emit":
      return `emits ${text(document["emit"], "type")}`;
    case "set":
      return Object.keys(isObject(document["set"]) ? document["set"] : {}).join(", ");
    case "fail":
      return text(document["fail"], "type") || "fails";
    case "complete":
      return "ends the instance";
    case "break":
      return "ends the loop";
    case "group":
      return "a group";
  }
}

function joins(join: Json | undefined): string {
  if (join === "any") return "the first that succeeds";
  if (typeof join === "number") return `the first ${String(join)} that succeed`;
  return "all branches";
}

function waits(wait: Json): string {
  const span = text(wait, "for");
  if (span !== "") return `waits ${span}`;
  const signal = text(wait, "signal");
  if (signal !== "") return `waits for ${signal}`;
  const event = text(member(wait, "event"), "type");
  return event === "" ? "waits" : `waits for ${event}`;
}

function undoOf(compensation: Json | undefined): string {
  if (typeof compensation === "string") return compensation;
  if (!isObject(compensation)) return "";
  return text(compensation, "action") || text(compensation, "adapter") || text(compensation, "workflow") || "undo";
}

function listsOf(kind: StepKind, document: JsonObject): FlowList[] {
  if (kind === "parallel") {
    const branches = document["parallel"];
    if (Array.isArray(branches)) return branches.map((steps, index) => list("branch", String(index), index, steps));
    return Object.entries(isObject(branches) ? branches : {}).map(([name, steps], index) => list("branch", name, index, steps));
  }
  if (kind === "switch") {
    const cases = Array.isArray(document["switch"]) ? document["switch"] : [];
    return cases.map((item, index) => {
      const otherwise = member(item, "default");
      return otherwise === null ? list("case", text(item, "when"), index, member(item, "steps")) : list("case", "otherwise", index, otherwise);
    });
  }
  const body = document["steps"];
  return Array.isArray(body) ? [list("body", "", 0, body)] : [];
}

function catchesOf(catches: Json | undefined): FlowList[] {
  if (!Array.isArray(catches)) return [];
  return catches.map((item, index) => list("catch", text(item, "error"), index, member(item, "steps")));
}
