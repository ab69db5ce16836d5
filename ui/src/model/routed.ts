/** Where events went, in words. */

export interface Routed {
  readonly rule: string;
  readonly router?: string | null;
  readonly workflow?: string | null;
  readonly workflow_id?: string | null;
  readonly adapter?: string | null;
  readonly error?: string | null;
}

const NAMED = 2;

/** What one of them leads to, by name. */
export function target({ workflow, adapter }: Routed): string {
  return adapter ?? workflow ?? "nothing";
}

/** Where an event went, in few words; empty where nothing took it further. */
export function wentTo(routed: readonly Routed[]): string {
  const names = [...new Set(routed.map(target))];
  const rest = names.length - NAMED;
  const shown = rest > 1 ? [...names.slice(0, NAMED), `${String(rest)} more`] : names;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1) ?? ""}`;
}

/** Who sent it there: `the router orders by its rule vip`, or `its trigger 0-event`. */
export function byWhom({ router, rule }: Routed): string {
  return router == null ? `its trigger ${rule}` : `the router ${router}, rule ${rule}`;
}
