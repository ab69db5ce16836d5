/** Records for tests: what happened, one line each. */
import type { Json } from "../json";
import type { RunRecord } from "./state";

export type Line = readonly [type: string, step?: string | undefined, data?: Json, lane?: string];

const BEGIN = Date.parse("2026-11-26T10:00:00.000Z");

/** One record a line, a second apart. */
export function recordsOf(lines: readonly Line[]): RunRecord[] {
  return lines.map(([type, step, data = {}, lane], index) => ({
    seq: index + 1, at: new Date(BEGIN + index * 1_000).toISOString(), type, data,
    ...(step === undefined ? {} : { step }), ...(lane === undefined ? {} : { lane }),
  }));
}

export const STARTED: Line = ["instance-started", undefined, { workflow: "order", version: "1.0.0", input: { n: 1 }, correlation_id: "c", trigger: "" }];
