import type { Node, NodeProps } from "@xyflow/react";
import { memo, type JSX } from "react";
import { KindMark } from "../kit/kind-mark";
import { lookOf } from "../kit/status";
import { Took } from "../kit/time";
import { titleOf, type Happening } from "../model/genealogy";
import { duration } from "../model/time";
import { Handles } from "./handles";
import { edgeColour } from "./nodes";

export interface HappeningData extends Record<string, unknown> {
  readonly node: Happening;
  /** When the first of all began, in milliseconds. */
  readonly since: number;
}

export const HAPPENING = { width: 244, height: 48 } as const;

/** What it is and where it stands, in words. */
export function happeningWords(node: Happening): string {
  const { kind, status } = node;
  return [kind, titleOf(node), ...(status == null ? [] : [lookOf(status).word])].join(", ");
}

const HappeningNode = memo(function HappeningNode({ data: { node, since }, selected }: NodeProps<Node<HappeningData>>): JSX.Element {
  const { kind, name, status, at, ended_at: ended } = node;
  const begun = at == null ? undefined : Date.parse(at);
  const small = kind === "step" || kind === "attempt";
  return (
    <div className={`relative flex h-full w-full items-center gap-2.5 rounded border px-2.5 ${small ? "bg-surface" : "bg-raised"} ${selected ? "ring-2 ring-accent" : ""} ${edgeColour[status ?? ""] ?? "border-line-strong"} ${begun === undefined ? "border-dashed" : ""}`}>
      <Handles direction="right" />
      <KindMark kind={kind} name={name} />
      <span className="flex min-w-0 flex-1 flex-col">
        <span className={`truncate ${small ? "" : "font-medium"}`} title={name}>{titleOf(node)}</span>
        <span className="flex items-center gap-1.5 truncate text-sm text-faint">
          {status != null && <State status={status} />}
          {begun !== undefined && <span className="figures" title={`${duration(begun - since)} after the first`}>+{duration(begun - since)}</span>}
          {begun !== undefined && kind !== "event" && kind !== "schedule" && (ended == null ? isGoing(status) && <Took from={begun} /> : <>· <Took from={begun} to={ended} /></>)}
        </span>
      </span>
    </div>
  );
});

function isGoing(status: string | null | undefined): boolean {
  return status != null && ["running", "waiting", "retrying", "compensating"].includes(status);
}

function State({ status }: { readonly status: string }): JSX.Element {
  const { word, colour, Icon, turns = false } = lookOf(status);
  return <span className={`inline-flex items-center gap-1 ${colour}`} title={word}><Icon size={12} className={turns ? "turning" : ""} /><span className="truncate">{word}</span></span>;
}

export const HAPPENING_TYPES = { happening: HappeningNode };
