import type { JSX } from "react";
import { deliveryOf } from "../model/genealogy";
import * as icons from "./icons";

const MARKS: Readonly<Record<string, typeof icons.Tick>> = {
  event: icons.Events, workflow: icons.Workflows, step: icons.Right, attempt: icons.Adapters, schedule: icons.Schedules,
};

/** What kind of thing happened. A delivery of a callback is a workflow, and another thing to people. */
export function KindMark({ kind, name }: { readonly kind: string; readonly name: string }): JSX.Element {
  const isDelivery = kind === "workflow" && deliveryOf(name) !== undefined;
  const Icon = isDelivery ? icons.Callbacks : (MARKS[kind] ?? icons.Ring);
  const word = isDelivery ? "callback" : kind;
  return <span className="inline-flex size-7 shrink-0 items-center justify-center rounded-sm bg-sunken text-muted" title={word}><Icon size={14} /><span className="sr-only">{word} </span></span>;
}
