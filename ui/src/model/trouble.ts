/** What needs a person, alike with alike. */

export interface Trouble<T> {
  readonly key: string;
  readonly workflow: string;
  readonly step: string;
  readonly errorType: string;
  readonly message: string;
  readonly since: number;
  readonly last: number;
  readonly items: readonly T[];
}

export interface Facts {
  readonly workflow: string;
  readonly step: string;
  readonly errorType: string;
  readonly message: string;
  readonly at: number;
}

/** Groups by workflow, step and kind of error; the most frequent first. */
export function groupTrouble<T>(items: readonly T[], facts: (item: T) => Facts): Trouble<T>[] {
  const groups = new Map<string, { facts: Facts; since: number; last: number; items: T[] }>();
  for (const item of items) {
    const found = facts(item);
    const key = [found.workflow, found.step, found.errorType, alike(found.message)].join("\n");
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, { facts: found, since: found.at, last: found.at, items: [item] });
    } else {
      group.items.push(item);
      group.since = Math.min(group.since, found.at);
      if (found.at > group.last) Object.assign(group, { last: found.at, facts: found });
    }
  }
  return [...groups]
    .map(([key, { facts: of, since, last, items: inside }]) => ({
      key, workflow: of.workflow, step: of.step, errorType: of.errorType, message: of.message, since, last, items: inside,
    }))
    .sort((a, b) => b.items.length - a.items.length || b.last - a.last);
}

/** The message without what differs from one case to the next. */
function alike(message: string): string {
  return message.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "…").replaceAll(/[a-z]-\d+|\d+/g, "…");
}
