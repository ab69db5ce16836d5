/** A form for a JSON Schema: its fields, and the value that filled-in texts stand for. */
import { isObject, member, text, type Json, type JsonObject } from "./json";

export interface Field {
  /** Where it stands: `customer.email`. */
  readonly path: string;
  readonly label: string;
  readonly hint: string;
  readonly kind: "text" | "number" | "boolean" | "choice" | "json";
  readonly required: boolean;
  readonly choices: readonly string[];
  readonly start: string;
}

const MAX_DEPTH = 3;

/** The fields of an object's schema; none where it is not an object's, then the input is written as JSON. */
export function fieldsOf(schema: Json, path = "", depth = 0): Field[] {
  const properties = member(schema, "properties");
  if (!isObject(properties)) return [];
  const required = member(schema, "required");
  const needs = new Set(Array.isArray(required) ? required : []);
  const order = Object.entries(properties).sort(([a], [b]) => Number(needs.has(b)) - Number(needs.has(a)));
  return order.flatMap(([name, of]) => fieldsFor(name, of, path === "" ? name : `${path}.${name}`, needs.has(name), depth));
}

function fieldsFor(name: string, of: Json, path: string, required: boolean, depth: number): Field[] {
  const type = text(of, "type");
  if (type === "object" && isObject(member(of, "properties")) && depth < MAX_DEPTH) return fieldsOf(of, path, depth + 1);
  const choices = member(of, "enum");
  const start = member(of, "default");
  const kinds: Readonly<Record<string, Field["kind"]>> = { string: "text", number: "number", integer: "number", boolean: "boolean" };
  const kind = Array.isArray(choices) ? "choice" : (kinds[type] ?? "json");
  return [{
    path, label: text(of, "title") || name, hint: text(of, "description") || (kind === "json" ? type || "any JSON" : ""), kind, required,
    choices: Array.isArray(choices) ? choices.map((choice) => (typeof choice === "string" ? choice : JSON.stringify(choice))) : [],
    start: start === null ? "" : typeof start === "string" ? start : JSON.stringify(start),
  }];
}

export interface Filled {
  readonly value: JsonObject;
  /** What is wrong, by path. */
  readonly errors: ReadonlyMap<string, string>;
}

/** What the fields hold for a value; where it says nothing, what the schema has for it. */
export function textsOf(fields: readonly Field[], value: Json): Map<string, string> {
  return new Map(fields.map(({ path, start }) => {
    let found: Json = value;
    for (const part of path.split(".")) found = member(found, part);
    return [path, found === null ? start : typeof found === "string" ? found : JSON.stringify(found)];
  }));
}

/** The value of a form that nobody has touched yet; undefined while something is missing. */
export function firstValue(schema: Json, start: Json): Json | undefined {
  const fields = fieldsOf(schema);
  if (fields.length === 0) return start;
  const { value, errors } = fill(fields, textsOf(fields, start), isObject(start) ? start : {});
  return errors.size > 0 ? undefined : value;
}

/** The value that the texts stand for; what was left empty is left out, what `base` has besides the fields stays. */
export function fill(fields: readonly Field[], texts: ReadonlyMap<string, string>, base: JsonObject = {}): Filled {
  let value: JsonObject = base;
  const errors = new Map<string, string>();
  for (const field of fields) {
    const written = texts.get(field.path) ?? field.start;
    if (written === "") {
      value = without(value, field.path.split("."));
      if (field.required) errors.set(field.path, "expected a value");
      continue;
    }
    const read = readValue(field, written);
    if (read === undefined) errors.set(field.path, field.kind === "number" ? "expected a number" : "expected JSON");
    else value = withMember(value, field.path.split("."), read);
  }
  return { value, errors };
}

function readValue(field: Field, written: string): Json | undefined {
  if (field.kind === "text") return written;
  if (field.kind === "boolean") return written === "true";
  if (field.kind === "choice") return written;
  if (field.kind === "number") return Number.isFinite(Number(written)) ? Number(written) : undefined;
  try {
    return JSON.parse(written) as Json;
  } catch {
    return undefined;
  }
}

function withMember(of: JsonObject, path: readonly string[], value: Json): JsonObject {
  const [first = "", ...rest] = path;
  const inner = of[first];
  return { ...of, [first]: rest.length === 0 ? value : withMember(isObject(inner) ? inner : {}, rest, value) };
}

function without(of: JsonObject, path: readonly string[]): JsonObject {
  const [first = "", ...rest] = path;
  const inner = of[first];
  if (rest.length > 0) return isObject(inner) ? { ...of, [first]: without(inner, rest) } : of;
  return Object.fromEntries(Object.entries(of).filter(([name]) => name !== first));
}
