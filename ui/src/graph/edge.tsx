import { BaseEdge, getSmoothStepPath, Position, type Edge, type EdgeProps } from "@xyflow/react";
import type { JSX } from "react";
import type { Direction } from "../model/layout";

export interface FlowEdgeData extends Record<string, unknown> {
  readonly role: "next" | "enter" | "leave" | "catch";
  /** `plain` in a definition; of a run: gone, not gone yet, never to be gone, or an undo going back. */
  readonly way: "plain" | "taken" | "open" | "passed" | "undo";
  readonly direction: Direction;
}

const LOOKS = {
  plain: { stroke: "var(--border-strong)", strokeWidth: 1.5 },
  taken: { stroke: "var(--text-faint)", strokeWidth: 1.75 },
  open: { stroke: "var(--border-strong)", strokeWidth: 1.5, strokeDasharray: "4 4" },
  passed: { stroke: "var(--border)", strokeWidth: 1.25, strokeDasharray: "2 5" },
  undo: { stroke: "var(--status-undone)", strokeWidth: 1.75 },
} as const;

const OPPOSITE = {
  [Position.Left]: Position.Right, [Position.Right]: Position.Left, [Position.Top]: Position.Bottom, [Position.Bottom]: Position.Top,
} as const;

export function FlowEdge(props: EdgeProps<Edge<FlowEdgeData>>): JSX.Element {
  const { sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, data } = props;
  const way = data?.way ?? "plain";
  // Inside a block the line runs inwards from its edge.
  const ends = {
    sourceX, sourceY, targetX, targetY,
    sourcePosition: data?.role === "enter" ? OPPOSITE[sourcePosition] : sourcePosition,
    targetPosition: data?.role === "leave" ? OPPOSITE[targetPosition] : targetPosition,
  };
  const path = way === "undo" ? backwards(ends) : getSmoothStepPath({ ...ends, borderRadius: 8, offset: 12 })[0];
  const bare = data?.role === "leave" || way === "undo";
  return (
    <>
      <BaseEdge path={path} style={LOOKS[way]} interactionWidth={0} />
      {!bare && <Arrow x={targetX} y={targetY} down={data?.direction === "down"} colour={LOOKS[way].stroke} />}
      {way === "undo" && <path d={arrowHead(targetX, targetY, targetPosition)} fill="none" stroke={LOOKS.undo.stroke} strokeWidth={1.75} strokeLinecap="round" strokeLinejoin="round" />}
    </>
  );
}

interface Ends {
  readonly sourceX: number;
  readonly sourceY: number;
  readonly targetX: number;
  readonly targetY: number;
  readonly sourcePosition: Position;
  readonly targetPosition: Position;
}

/** A bow beside the steps, from the one that failed back to those that are undone. */
function backwards({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition }: Ends): string {
  const bow = 36 + 0.05 * Math.hypot(sourceX - targetX, sourceY - targetY);
  const pulled = (x: number, y: number, side: Position): string => (side === Position.Bottom ? point(x, y + bow) : point(x + bow, y));
  return `M ${point(sourceX, sourceY)} C ${pulled(sourceX, sourceY, sourcePosition)}, ${pulled(targetX, targetY, targetPosition)}, ${point(targetX, targetY)}`;
}

function point(x: number, y: number): string {
  return `${String(x)} ${String(y)}`;
}

function arrowHead(x: number, y: number, position: Position): string {
  return position === Position.Bottom
    ? `M ${String(x - 4)} ${String(y + 7)} L ${String(x)} ${String(y + 1)} L ${String(x + 4)} ${String(y + 7)}`
    : `M ${String(x + 7)} ${String(y - 4)} L ${String(x + 1)} ${String(y)} L ${String(x + 7)} ${String(y + 4)}`;
}

function Arrow({ x, y, down, colour }: { readonly x: number; readonly y: number; readonly down: boolean; readonly colour: string }): JSX.Element {
  const d = down
    ? `M ${String(x - 4)} ${String(y - 6)} L ${String(x)} ${String(y - 1)} L ${String(x + 4)} ${String(y - 6)}`
    : `M ${String(x - 6)} ${String(y - 4)} L ${String(x - 1)} ${String(y)} L ${String(x - 6)} ${String(y + 4)}`;
  return <path d={d} fill="none" stroke={colour} strokeWidth={1.5} strokeLinecap="round" strokeLinejoin="round" />;
}
