import { api, take } from "../../api/client";

/** What holding it, and letting it go on, does. */
export const HOLD_WORDS: Readonly<Record<"pause" | "resume", string>> = {
  pause: "Calls under way end and are recorded; signals are taken and time-outs run on. No call, no child and no step begins until it is resumed.",
  resume: "It goes on where it stands. What became due meanwhile is done now.",
};

/** Holds an instance, or lets it go on. */
export function hold(id: string, verb: "pause" | "resume", reason: string): Promise<unknown> {
  const asked = { params: { path: { id } }, body: { reason } };
  return take(verb === "pause" ? api.POST("/api/v1/workflows/{id}/pause", asked) : api.POST("/api/v1/workflows/{id}/resume", asked));
}
