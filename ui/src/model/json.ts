/** Any JSON value, and the ways to look into one that came from elsewhere. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value that a person has written; undefined where it is no JSON. */
export function parsed(written: string): Json | undefined {
  try {
    return JSON.parse(written) as Json;
  } catch {
    return undefined;
  }
}

/** The member of an object; null where there is none. */
export function member(value: unknown, key: string): Json {
  return isObject(value) ? (value[key] ?? null) : null;
}

/** The member's text; empty where it is none. */
export function text(value: unknown, key: string): string {
  const found = member(value, key);
  return typeof found === "string" ? found : "";
}

/** The member's number; 0 where it is none. */
export function count(value: unknown, key: string): number {
  const found = member(value, key);
  return typeof found === "number" ? found : 0;
}

/** The member's moment in milliseconds; 0 where it is none. */
export function moment(value: unknown, key: string): number {
  const found = text(value, key);
  return found === "" ? 0 : Date.parse(found);
}
