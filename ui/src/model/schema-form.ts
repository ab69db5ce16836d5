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

/** The input that the texts stand for; what was left empty is left out. */
export function fill(fields: readonly Field[], texts: ReadonlyMap<string, string>): Filled {
  const value: Record<string, Json> = {};
  const errors = new Map<string, string>();
  for (const field of fields) {
    const written = texts.get(field.path) ?? field.start;
    if (written === "") {
      if (field.required) errors.set(field.path, "expected a value");
      continue;
    }
    const read = readValue(field, written);
    if (read === undefined) errors.set(field.path, field.kind === "number" ? "expected a number" : "expected JSON");
    else put(value, field.path.split("."), read);
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

function put(into: Record<string, Json>, path: readonly string[], value: Json): void {
  const [first = "", ...rest] = path;
  if (rest.length === 0) {
    into[first] = value;
    return;
  }
  const inner = isObject(into[first]) ? { ...into[first] } : {};
  put(inner, rest, value);
  into[first] = inner;
}
