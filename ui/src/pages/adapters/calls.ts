/** What was counted of calls, by adapter. */
import type { Schemas } from "../../api/client";

export interface Calls {
  readonly made: number;
  readonly failed: number;
  /** Milliseconds; histograms of several targets cannot be put together here. */
  readonly slowestP95: number | undefined;
}

export function callsByAdapter(series: readonly Schemas["StatsSeries"][]): Map<string, Calls> {
  const adapters = new Map<string, Calls>();
  for (const { group, total: { calls, errors, latency } } of series) {
    const name = group["adapter"] ?? "";
    const known = adapters.get(name);
    const p95 = [known?.slowestP95, latency?.p95_ms].filter((ms) => ms !== undefined);
    adapters.set(name, { made: (known?.made ?? 0) + (calls ?? 0), failed: (known?.failed ?? 0) + (errors ?? 0), slowestP95: p95.length === 0 ? undefined : Math.max(...p95) });
  }
  return adapters;
}
