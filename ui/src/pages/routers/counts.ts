import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Schemas } from "../../api/client";
import { statsQuery } from "../../api/queries";
import { routersRoute } from "../../app/router";
import { useMinute } from "../../kit/clock";
import { moment } from "../workflows/filters";
import { byRuleOf, ownOf } from "./figures";

export const RANGES = [["1h", "last hour"], ["24h", "last 24 h"], ["7d", "last 7 days"], ["30d", "last 30 days"]] as const;

/** How often it is asked for again: what is counted is there within a moment. */
const LIVE = 2_000;

/** What went by in the time that the address names, and goes on to. */
export function useCounts(router: string) {
  const { range: written } = routersRoute.useSearch();
  const navigate = useNavigate({ from: "/routers" });
  const range = RANGES.some(([value]) => value === written) ? (written ?? "24h") : "24h";
  const minute = useMinute();
  const asked = useMemo(() => ({ router, from: moment(range, minute) }), [router, range, minute]);
  const own = useQuery({ ...statsQuery({ ...asked, group_by: "router" }), refetchInterval: LIVE });
  const rules = useQuery({ ...statsQuery({ ...asked, group_by: "rule", limit: 1_000 }), refetchInterval: LIVE });
  // What stays on the screen while another router is asked for is not that router's.
  const shown = <T>(stats: Schemas["Stats"] | undefined, of: (stats: Schemas["Stats"]) => T): T | undefined =>
    stats === undefined || stats.series.some(({ group }) => group["router"] !== router) ? undefined : of(stats);
  return {
    range,
    setRange: (next: string) => void navigate({ search: (before) => ({ ...before, range: next }), replace: true }),
    own: shown(own.data, ownOf),
    byRule: shown(rules.data, byRuleOf),
    error: own.data === undefined ? own.error : rules.data === undefined ? rules.error : null,
  } as const;
}
