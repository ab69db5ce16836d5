/** A dead letter in a few words: what was called for which step, or which workflow an event could not start. */
export function letterTitle({ kind, step, what }: { readonly kind: string; readonly step: string; readonly what: string }): string {
  if (kind === "event") return `start of ${what}`;
  return `${kind === "compensation" ? "undo of " : ""}${step} · ${what}`;
}
