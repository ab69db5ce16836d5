/** A router's document, and what its explanations say, in words. */
import { isObject, member, text, type Json, type JsonObject } from "./json";

/** Where a rule may lead to. */
export interface Target {
  readonly kind: "workflow" | "adapter" | "router";
  /** Of an adapter with the action behind a slash. */
  readonly name: string;
  /** In a pool, where it is not 1. */
  readonly weight: string;
}

export interface Destination {
  readonly targets: readonly Target[];
  /** How a pool is shared out; empty where it is none. */
  readonly balance: string;
}

export interface RouterRule {
  /** As routes and explanations name it: its name, its place from 0, or `default`. */
  readonly key: string;
  /** As written; empty of the default. */
  readonly condition: string;
  readonly destination: Destination;
  readonly priority: string;
  /** What the destination is given instead of the event; null: the event. */
  readonly transform: Json;
}

export function rulesOf(document: Json): RouterRule[] {
  const written = member(document, "rules");
  const rules = (Array.isArray(written) ? written : []).map((rule, index): RouterRule => ({
    key: text(rule, "name") || String(index), condition: text(rule, "condition"), destination: destinationOf(member(rule, "destination")),
    priority: text(rule, "priority"), transform: member(rule, "transform"),
  }));
  const otherwise = member(document, "default");
  return otherwise === null ? rules : [...rules, { key: "default", condition: "", destination: destinationOf(otherwise), priority: "", transform: null }];
}

/** As the server keeps it, where each name is known for what it is. */
export function destinationOf(destination: Json): Destination {
  const pool = member(destination, "pool");
  if (Array.isArray(pool)) return { targets: pool.flatMap((each) => targetOf(each)), balance: text(destination, "balance") || "round-robin" };
  return { targets: targetOf(destination), balance: "" };
}

function targetOf(written: Json): Target[] {
  const weight = member(written, "weight");
  const shared = { weight: weight === null || weight === 1 ? "" : JSON.stringify(weight) };
  const [workflow, adapter, router] = [text(written, "workflow"), text(written, "adapter"), text(written, "router")];
  if (workflow !== "") return [{ kind: "workflow", name: workflow, ...shared }];
  if (adapter !== "") return [{ kind: "adapter", name: [adapter, text(written, "action")].filter((part) => part !== "").join("/"), ...shared }];
  if (router !== "") return [{ kind: "router", name: router, ...shared }];
  // A member of a pool may name it one level down.
  const inner = member(written, "destination");
  return inner === null ? [] : targetOf(inner).map((target) => ({ ...target, ...shared }));
}

/** A condition cut into what stands before, is, and stands behind the part that is why. */
export function cut(condition: string, part: string | null | undefined): readonly [string, string, string] {
  const at = part == null || part === "" ? -1 : condition.indexOf(part);
  if (at < 0 || part == null) return [condition, "", ""];
  return [condition.slice(0, at), part, condition.slice(at + part.length)];
}

export interface Sample {
  readonly event: Json;
  readonly meta: JsonObject;
}

/** Attributes as fields give them; empty ones are not given. */
export type Attributes = Readonly<Record<"type" | "source" | "subject", string>>;

/** What was pasted, as conditions see it: of a whole CloudEvent its data, and its attributes where the fields say nothing. */
export function sampleOf(pasted: Json, given: Attributes, meta: JsonObject = {}): Sample {
  const fields = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""));
  if (isObject(pasted) && typeof pasted["specversion"] === "string" && typeof pasted["type"] === "string") {
    const { data = null, ...attributes } = pasted;
    return { event: data, meta: { ...meta, ...attributes, ...fields } };
  }
  return { event: pasted, meta: { ...meta, ...fields } };
}
