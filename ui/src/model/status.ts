/** The words of states, and what they have in common. */
export type InstanceStatus =
  | "queued" | "running" | "waiting" | "paused" | "compensating" | "stuck"
  | "completed" | "failed" | "compensated" | "cancelled";

export type StepStatus =
  | "pending" | "queued" | "running" | "retrying" | "waiting" | "deciding"
  | "completed" | "failed" | "skipped" | "cancelled";

export const OPEN: readonly InstanceStatus[] = ["queued", "running", "waiting", "paused", "compensating", "stuck"];
export const ENDED: readonly InstanceStatus[] = ["completed", "failed", "compensated", "cancelled"];

export function isOpen(status: string): boolean {
  return (OPEN as readonly string[]).includes(status);
}

export function stepHasEnded(status: StepStatus): boolean {
  return status === "completed" || status === "failed" || status === "skipped" || status === "cancelled";
}
