/** The drawing of a genealogy: what led to what, from left to right. */
import type { Edge, Node } from "@xyflow/react";
import { useCallback, useMemo, useRef, type JSX } from "react";
import { plan, type Lineage } from "../model/genealogy";
import { Canvas, isLarge, LEAST_ZOOM, MARGIN, placeOn, type View } from "./canvas";
import type { FlowEdgeData } from "./edge";
import { HAPPENING, HAPPENING_TYPES, happeningWords, type HappeningData } from "./happening-node";

interface GenealogyGraphProps {
  readonly lineage: Lineage;
  /** When the first of it began, in milliseconds. */
  readonly since: number;
  readonly selected: string | undefined;
  readonly onSelect: (id: string | undefined) => void;
}

const STRIDE = { x: HAPPENING.width + 40, y: HAPPENING.height + 12 } as const;
/** Beyond it only what is on screen is drawn. */
const MANY = 150;

type Item = Node<HappeningData>;

export function GenealogyGraph({ lineage, since, selected, onSelect }: GenealogyGraphProps): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const { spots, edges, columns, rows } = useMemo(() => plan(lineage), [lineage]);
  const nodes = useMemo(() => spots.map(({ node, column, row }): Item => ({
    id: node.id, type: "happening", position: { x: column * STRIDE.x, y: row * STRIDE.y }, ...HAPPENING, data: { node, since }, selected: node.id === selected,
    draggable: false, connectable: false, ariaLabel: happeningWords(node),
  })), [spots, since, selected]);
  const lines = useMemo(() => edges.map(({ from, to, kind }): Edge<FlowEdgeData> => ({
    id: `${from}>${to}`, type: "flow", source: from, target: to, sourceHandle: "out", targetHandle: "in", focusable: false,
    data: { role: "next", way: kind === "told" ? "open" : "taken", direction: "right" },
  })), [edges]);
  const first = useRef<readonly [Lineage, string | undefined]>([lineage, selected]);
  const look = useCallback((view: View<Item>): void => {
    const element = frame.current;
    if (element === null) return;
    const [shown, chosen] = first.current;
    void view.setViewport(firstView(shown, chosen, element));
  }, []);
  return (
    <div ref={frame} className="flow h-full min-h-0 w-full">
      <Canvas label="What led to what" nodes={nodes} edges={lines} nodeTypes={HAPPENING_TYPES} selected={selected} isLarge={isLarge(Math.max(columns * STRIDE.x / 2, rows * STRIDE.y))}
        onlyVisible={spots.length > MANY} onSelect={onSelect} onReady={look} />
    </div>
  );
}

/** All of it where that can be read; else the beginning, or what was chosen. */
function firstView(lineage: Lineage, selected: string | undefined, frame: HTMLElement): { readonly x: number; readonly y: number; readonly zoom: number } {
  const { spots, columns, rows } = plan(lineage);
  const [width, height] = [columns * STRIDE.x - 40, rows * STRIDE.y - 12];
  const room = [frame.clientWidth - 2 * MARGIN, frame.clientHeight - 2 * MARGIN] as const;
  const zoom = Math.min(1, Math.max(LEAST_ZOOM, Math.min(room[0] / width, room[1] / height)));
  const spot = spots.find(({ node }) => node.id === selected) ?? spots[0];
  return {
    x: placeOn(room[0], width, (spot?.column ?? 0) * STRIDE.x, zoom), y: placeOn(room[1], height, (spot?.row ?? 0) * STRIDE.y, zoom), zoom,
  };
}
