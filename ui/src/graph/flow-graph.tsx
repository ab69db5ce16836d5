/** The drawing of a flow: boxes where the layout puts them, with whatever state is laid over. */
import type { Edge, Node, Viewport } from "@xyflow/react";
import { useCallback, useEffect, useMemo, useRef, useState, type JSX, type RefObject } from "react";
import type { Flow } from "../model/flow";
import { layout, type Box, type Direction, type Drawing } from "../model/layout";
import { Canvas, isLarge, LEAST_ZOOM, MARGIN, placeOn, type View } from "./canvas";
import type { FlowEdgeData } from "./edge";
import { NODE_TYPES, type BoxData } from "./nodes";

/** How a box and a link are to look; undefined: as in a definition, without any run. */
export interface Overlay {
  readonly box: (box: Box) => BoxData["state"];
  readonly link: (from: string, to: string, role: FlowEdgeData["role"]) => FlowEdgeData["way"];
  /** Undo arrows, in the order in which steps were undone. */
  readonly undone: readonly string[];
}

interface FlowGraphProps {
  readonly flow: Flow;
  readonly overlay?: Overlay;
  readonly open: ReadonlySet<string>;
  readonly selected: string | undefined;
  readonly onSelect: (step: string | undefined) => void;
  readonly onOpen: (step: string) => void;
}

/** What the eye looks for first. */
const URGENT = ["deciding", "failed", "retrying", "running", "waiting"];

export function FlowGraph({ flow, overlay, open, selected, onSelect, onOpen }: FlowGraphProps): JSX.Element {
  const [frame, direction] = useDirection();
  const drawing = useMemo(() => layout(flow, direction, open), [flow, direction, open]);
  const turned = useRef<string>(undefined);
  const turn = useCallback((step: string) => {
    turned.current = step;
    onOpen(step);
  }, [onOpen]);
  const nodes = useMemo(() => drawing.boxes.map((box): Node<BoxData> => ({
    id: box.id, type: box.kind, position: { x: box.x, y: box.y }, width: box.width, height: box.height, zIndex: box.depth,
    data: { box, state: overlay?.box(box), isOpen: open.has(box.id), onOpen: turn }, selected: box.id === selected,
    draggable: false, connectable: false, selectable: box.step !== undefined, focusable: box.step !== undefined,
    ariaLabel: label(box, overlay?.box(box)?.words),
  })), [drawing, overlay, open, selected, turn]);
  const edges = useMemo(() => edgesOf(drawing, overlay), [drawing, overlay]);
  const instance = useRef<View<Node<BoxData>>>(undefined);
  const latest = useRef({ overlay, selected });
  useEffect(() => {
    latest.current = { overlay, selected };
  });
  const before = useRef<Drawing>(undefined);
  const look = useCallback(() => {
    const [element, view] = [frame.current, instance.current];
    if (element === null || view === undefined) return;
    const stays = movedWith(turned.current, before.current, drawing, view.getViewport());
    before.current = drawing;
    void view.setViewport(stays ?? firstView(drawing, element, latest.current));
  }, [drawing, frame]);
  // The view follows the layout, never the run: nothing moves while a run goes on.
  useEffect(look, [look]);
  const stepOf = (id: string | undefined): string | undefined => drawing.boxes.find((box) => box.id === id)?.step?.id;
  return (
    <div ref={frame} className="flow h-full min-h-0 w-full">
      <Canvas label={`The steps of ${flow.name}`} nodes={nodes} edges={edges} nodeTypes={NODE_TYPES} selected={selected} isLarge={isLarge(drawing.width)}
        onSelect={(id) => onSelect(stepOf(id))}
        onReady={(view) => {
          instance.current = view;
          look();
        }} />
    </div>
  );
}

/** What was opened or closed stays where it is on the screen; undefined where nothing was. */
function movedWith(id: string | undefined, before: Drawing | undefined, after: Drawing, { x, y, zoom }: Viewport): Viewport | undefined {
  const [then, now] = [before, after].map((drawing) => drawing?.boxes.find((box) => box.id === id));
  if (then === undefined || now === undefined || then.direction !== now.direction) return undefined;
  const [[fromX, fromY], [toX, toY]] = [edgeOf(then), edgeOf(now)];
  return { x: x + (fromX - toX) * zoom, y: y + (fromY - toY) * zoom, zoom };
}

/** The middle of the side by which the line comes in. */
function edgeOf({ x, y, width, height, direction }: Box): readonly [number, number] {
  return direction === "right" ? [x, y + height / 2] : [x + width / 2, y];
}

/** All of it where that can be read; else the part that matters most. */
function firstView(drawing: Drawing, frame: HTMLElement, { overlay, selected }: { overlay: Overlay | undefined; selected: string | undefined }): Viewport {
  const [width, height] = [frame.clientWidth - 2 * MARGIN, frame.clientHeight - 2 * MARGIN];
  const zoom = Math.min(1, Math.max(LEAST_ZOOM, Math.min(width / drawing.width, height / drawing.height)));
  const urgent = URGENT.map((status) => drawing.boxes.findLast((box) => box.kind === "step" && overlay?.box(box)?.status === status));
  const focus = drawing.boxes.find((box) => box.id === selected) ?? urgent.find((box) => box !== undefined) ?? drawing.boxes[0];
  return {
    x: placeOn(width, drawing.width, (focus?.x ?? 0) + (focus?.width ?? 0) / 2, zoom), y: placeOn(height, drawing.height, (focus?.y ?? 0) + (focus?.height ?? 0) / 2, zoom), zoom,
  };
}

function label(box: Box, words: string | undefined): string {
  const name = box.step?.id ?? box.list?.label ?? "what starts it";
  return words === undefined ? name : `${name}: ${words}`;
}

/** Left to right where it is wide, top down where it is narrow. */
function useDirection(): [RefObject<HTMLDivElement | null>, Direction] {
  const frame = useRef<HTMLDivElement>(null);
  const [direction, setDirection] = useState<Direction>(() => (window.innerWidth < 640 ? "down" : "right"));
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined && entry.contentRect.width > 0) setDirection(entry.contentRect.width < 560 ? "down" : "right");
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [frame, direction];
}

function edgesOf(drawing: Drawing, overlay: Overlay | undefined): Edge<FlowEdgeData>[] {
  const depth = new Map(drawing.boxes.map((box) => [box.id, box.depth]));
  const direction = new Map(drawing.boxes.map((box) => [box.id, box.direction]));
  const ways = drawing.links.map((link): Edge<FlowEdgeData> => {
    const way = overlay?.link(link.from, link.to, link.role) ?? "plain";
    return {
      id: link.id, type: "flow", source: link.from, target: link.to, data: { way, role: link.role, direction: direction.get(link.to) ?? "right" },
      sourceHandle: link.role === "enter" ? "enter" : link.role === "catch" ? "below" : "out",
      targetHandle: link.role === "leave" ? "leave" : "in",
      zIndex: Math.max(depth.get(link.from) ?? 0, depth.get(link.to) ?? 0), focusable: false,
    };
  });
  const undone = (overlay?.undone ?? []).filter((id) => depth.has(id));
  const back = undone.slice(1).map((to, index): Edge<FlowEdgeData> => {
    const from = undone[index] ?? to;
    return {
      id: `undo:${from}>${to}`, type: "flow", source: from, target: to, sourceHandle: "below", targetHandle: "under",
      data: { way: "undo", role: "next", direction: "right" }, zIndex: 20, focusable: false,
    };
  });
  return [...ways, ...back];
}
