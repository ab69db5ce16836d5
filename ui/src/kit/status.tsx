import type { JSX } from "react";
import type { InstanceStatus, StepStatus } from "../model/status";
import * as icons from "./icons";

export type AnyStatus = InstanceStatus | StepStatus | "undone" | "undoing" | "answered" | "ready" | "not ready" | "cancelling";

interface Look {
  readonly word: string;
  readonly colour: string;
  readonly Icon: typeof icons.Tick;
  readonly turns?: boolean;
}

const LOOKS: Readonly<Record<AnyStatus, Look>> = {
  running: { word: "running", colour: "text-running", Icon: icons.Running, turns: true },
  waiting: { word: "waiting", colour: "text-waiting", Icon: icons.Hourglass },
  queued: { word: "queued", colour: "text-waiting", Icon: icons.Dots },
  retrying: { word: "retrying", colour: "text-waiting", Icon: icons.Loop },
  deciding: { word: "needs a person", colour: "text-human", Icon: icons.Hand },
  completed: { word: "completed", colour: "text-completed", Icon: icons.Tick },
  answered: { word: "answered", colour: "text-completed", Icon: icons.Tick },
  ready: { word: "ready", colour: "text-completed", Icon: icons.Tick },
  "not ready": { word: "not ready", colour: "text-failed", Icon: icons.Octagon },
  failed: { word: "failed", colour: "text-failed", Icon: icons.Cross },
  stuck: { word: "stuck", colour: "text-failed", Icon: icons.Octagon },
  compensating: { word: "undoing", colour: "text-undone", Icon: icons.Back },
  undoing: { word: "undoing", colour: "text-undone", Icon: icons.Back },
  compensated: { word: "compensated", colour: "text-undone", Icon: icons.Back },
  undone: { word: "undone", colour: "text-undone", Icon: icons.Back },
  paused: { word: "paused", colour: "text-idle", Icon: icons.Pause },
  cancelled: { word: "cancelled", colour: "text-idle", Icon: icons.Slash },
  cancelling: { word: "cancelling", colour: "text-idle", Icon: icons.Slash },
  skipped: { word: "skipped", colour: "text-idle", Icon: icons.Ring },
  pending: { word: "not begun", colour: "text-idle", Icon: icons.Ring },
};

export function lookOf(status: string): Look {
  return (LOOKS as Readonly<Record<string, Look>>)[status] ?? { word: status, colour: "text-idle", Icon: icons.Ring };
}

interface StatusProps {
  readonly status: string;
  /** The icon alone, with the word for those who do not see it. */
  readonly iconOnly?: boolean;
  readonly className?: string;
}

/** A state as an icon of its own shape, a word and a colour. */
export function Status({ status, iconOnly = false, className = "" }: StatusProps): JSX.Element {
  const { word, colour, Icon, turns = false } = lookOf(status);
  return (
    <span className={`inline-flex items-center gap-1.5 whitespace-nowrap ${colour} ${className}`} title={iconOnly ? word : undefined}>
      <Icon size={14} className={turns ? "turning" : ""} />
      <span className={iconOnly ? "sr-only" : "font-medium"}>{word}</span>
    </span>
  );
}
