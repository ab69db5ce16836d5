/** What was counted of a router and its rules. */
import type { Schemas } from "../../api/client";

export interface RouterCounts {
  readonly seen: number;
  readonly unrouted: number;
  readonly failed: number;
}

export interface RuleCounts {
  readonly taken: number;
  readonly sent: number;
  readonly failed: number;
}

/** What a router saw in a time. */
export function ownOf(stats: Schemas["Stats"]): RouterCounts {
  const { seen, unrouted, failed } = stats.series[0]?.total ?? {};
  return { seen: seen ?? 0, unrouted: unrouted ?? 0, failed: failed ?? 0 };
}

/** What its rules did, by their names. */
export function byRuleOf(stats: Schemas["Stats"]): ReadonlyMap<string, RuleCounts> {
  return new Map(stats.series.map(({ group, total: { taken, sent, failed } }) => [group["rule"] ?? "", { taken: taken ?? 0, sent: sent ?? 0, failed: failed ?? 0 }]));
}
