/** The surface on which graphs are drawn: moved by scrolling, chosen from by a click or the keyboard, changed by nobody. */
import { Background, BackgroundVariant, Controls, MiniMap, ReactFlow, type Edge, type Node, type NodeTypes, type ReactFlowInstance } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import type { JSX } from "react";
import { FlowEdge, type FlowEdgeData } from "./edge";
import "./graph.css";

export type View<N extends Node> = ReactFlowInstance<N, Edge<FlowEdgeData>>;

interface CanvasProps<N extends Node> {
  readonly label: string;
  readonly nodes: N[];
  readonly edges: Edge<FlowEdgeData>[];
  readonly nodeTypes: NodeTypes;
  readonly selected: string | undefined;
  /** It is so wide that a small picture of the whole helps. */
  readonly isLarge: boolean;
  /** Only what is on screen is drawn: for graphs of thousands. */
  readonly onlyVisible?: boolean;
  readonly onSelect: (id: string | undefined) => void;
  readonly onReady: (view: View<N>) => void;
}

const EDGE_TYPES = { flow: FlowEdge };
const FIT = { padding: 0.06, maxZoom: 1 } as const;
/** Smaller than so nobody reads it: what does not fit then is reached by moving. */
export const LEAST_ZOOM = 0.72;
export const MARGIN = 24;
const LARGE = 900;

export function Canvas<N extends Node>({ label, nodes, edges, nodeTypes, selected, isLarge, onlyVisible = false, onSelect, onReady }: CanvasProps<N>): JSX.Element {
  return (
    <ReactFlow<N, Edge<FlowEdgeData>> nodes={nodes} edges={edges} nodeTypes={nodeTypes} edgeTypes={EDGE_TYPES} onInit={onReady}
      onNodeClick={(_, node) => onSelect(node.id)} onPaneClick={() => onSelect(undefined)}
      onSelectionChange={({ nodes: chosen }) => {
        const id = chosen[0]?.id;
        if (id !== undefined && id !== selected) onSelect(id);
      }}
      onlyRenderVisibleElements={onlyVisible} minZoom={0.2} maxZoom={1.6} nodesDraggable={false} nodesConnectable={false} edgesFocusable={false} deleteKeyCode={null} multiSelectionKeyCode={null}
      zoomOnScroll={false} panOnScroll preventScrolling={false} zoomActivationKeyCode={["Control", "Meta"]} aria-label={label}>
      <Background variant={BackgroundVariant.Dots} gap={16} size={1} color="var(--border)" />
      <Controls showInteractive={false} position="bottom-left" fitViewOptions={FIT} />
      {isLarge && <MiniMap pannable className="max-md:!hidden" nodeColor="var(--border-strong)" maskColor="color-mix(in oklab, var(--surface) 70%, transparent)" ariaLabel="The whole of it, small" />}
    </ReactFlow>
  );
}

/** Whether a drawing of this width is large. */
export function isLarge(width: number): boolean {
  return width * LEAST_ZOOM > LARGE;
}

/** Where one axis of a drawing begins: in the middle where all of it fits, else so that a point of it is on screen. */
export function placeOn(room: number, whole: number, at: number, zoom: number): number {
  const spare = room - whole * zoom;
  return MARGIN + (spare >= 0 ? spare / 2 : Math.min(0, Math.max(spare, room / 2 - at * zoom)));
}
