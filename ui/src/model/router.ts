/** A router's document, and what its explanations say, in words. */
import { isObject, member, text, type Json, type JsonObject } from "./json";

export interface RouterRule {
  /** As routes and explanations name it: its name, its place from 0, or `default`. */
  readonly key: string;
  /** As written; empty of the default. */
  readonly condition: string;
  readonly destination: string;
  readonly priority: string;
  /** What the destination is given instead of the event; null: the event. */
  readonly transform: Json;
}

export function rulesOf(document: Json): RouterRule[] {
  const written = member(document, "rules");
  const rules = (Array.isArray(written) ? written : []).map((rule, index): RouterRule => ({
    key: text(rule, "name") || String(index), condition: text(rule, "condition"), destination: destinationWords(member(rule, "destination")),
    priority: text(rule, "priority"), transform: member(rule, "transform"),
  }));
  const otherwise = member(document, "default");
  return otherwise === null ? rules : [...rules, { key: "default", condition: "", destination: destinationWords(otherwise), priority: "", transform: null }];
}

/** Where it leads: a name, or a pool with how it is shared out. */
export function destinationWords(destination: Json): string {
  if (typeof destination === "string") return destination;
  const pool = member(destination, "pool");
  if (!Array.isArray(pool)) return isObject(destination) ? JSON.stringify(destination) : "";
  const members = pool.map((each) => {
    const weight = member(each, "weight");
    return `${typeof each === "string" ? each : text(each, "destination")}${weight === null ? "" : ` ×${JSON.stringify(weight)}`}`;
  });
  return `${text(destination, "balance") || "round-robin"} of ${members.join(", ")}`;
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
