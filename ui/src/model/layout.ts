/**
 * Where each step of a flow is drawn. Places follow from the definition alone, so nothing moves while a run goes on.
 * A list runs along the main axis, branches lie side by side across it.
 */
import type { Flow, FlowList, FlowStep } from "./flow";

export type Direction = "right" | "down";

export interface Box {
  readonly id: string;
  readonly kind: "step" | "block" | "lane" | "trigger";
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  /** Which way the list runs that it stands in. */
  readonly direction: Direction;
  readonly step?: FlowStep;
  readonly list?: FlowList;
}

export interface Link {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** `enter` and `leave` join a block with what is inside; `catch` is taken when a step fails. */
  readonly role: "next" | "enter" | "leave" | "catch";
  readonly label: string;
}

export interface Drawing {
  readonly boxes: readonly Box[];
  readonly links: readonly Link[];
  readonly width: number;
  readonly height: number;
}

export const STEP = { width: 220, height: 56 } as const;
const TRIGGER = { width: 164, height: 36 } as const;
const GAP = { main: 36, cross: 16 } as const;
const PAD = 16;
/** Beside the steps of a block: the lines that lead in and out need room. */
const SIDE = 28;
const HEAD = 44;
const LABEL = 24;

interface Piece {
  width: number;
  height: number;
  /** Where the line through it lies across the main axis. */
  anchor: number;
  boxes: Box[];
  links: Link[];
  first: string[];
  last: string[];
}

export function layout(flow: Flow, direction: Direction, open: ReadonlySet<string>): Drawing {
  const draw = new Layouter(direction, open);
  const parts: Piece[] = [leaf({ id: "trigger", kind: "trigger", ...TRIGGER, x: 0, y: 0, depth: 0, direction }), draw.list(flow.root, 0)];
  if (flow.final !== undefined && flow.final.steps.length > 0) parts.push(draw.lane(flow.final, "finally", 0));
  const whole = draw.chain(parts.filter((part) => part.boxes.length > 0));
  return { boxes: whole.boxes, links: whole.links, width: whole.width, height: whole.height };
}

class Layouter {
  constructor(private readonly direction: Direction, private readonly open: ReadonlySet<string>) {}

  private main(of: { width: number; height: number }): number {
    return this.direction === "right" ? of.width : of.height;
  }

  private cross(of: { width: number; height: number }): number {
    return this.direction === "right" ? of.height : of.width;
  }

  private sized(main: number, cross: number): { width: number; height: number } {
    return this.direction === "right" ? { width: main, height: cross } : { width: cross, height: main };
  }

  private moved(piece: Piece, main: number, cross: number): Box[] {
    const [dx, dy] = this.direction === "right" ? [main, cross] : [cross, main];
    return piece.boxes.map((box) => ({ ...box, x: box.x + dx, y: box.y + dy }));
  }

  /** Pieces one after the other, their lines in one. */
  chain(pieces: readonly Piece[]): Piece {
    const anchor = Math.max(0, ...pieces.map((piece) => piece.anchor));
    const whole: Piece = { width: 0, height: 0, anchor, boxes: [], links: [], first: pieces[0]?.first ?? [], last: pieces.at(-1)?.last ?? [] };
    let main = 0;
    let cross = 0;
    pieces.forEach((piece, index) => {
      if (index > 0) main += GAP.main;
      whole.boxes.push(...this.moved(piece, main, anchor - piece.anchor));
      whole.links.push(...piece.links);
      const before = pieces[index - 1];
      if (before !== undefined) whole.links.push(...joined(before.last, piece.first, "next"));
      main += this.main(piece);
      cross = Math.max(cross, anchor - piece.anchor + this.cross(piece));
    });
    return { ...whole, ...this.sized(main, cross) };
  }

  /** A list of steps: each stands behind those that it needs. */
  list(of: FlowList, depth: number): Piece {
    const before = predecessors(of.steps);
    const layers = new Map<string, number>();
    for (const step of of.steps) {
      layers.set(step.id, Math.max(-1, ...(before.get(step.id) ?? []).map((id) => layers.get(id) ?? -1)) + 1);
    }
    const pieces = new Map(of.steps.map((step) => [step.id, this.step(step, depth)]));
    const columns: Piece[] = [];
    for (let layer = 0; layer <= Math.max(-1, ...layers.values()); layer += 1) {
      const inside = of.steps.filter((step) => layers.get(step.id) === layer).map((step) => pieces.get(step.id) as Piece);
      columns.push(this.stack(inside, 0));
    }
    const whole = this.chain(columns.map((column) => ({ ...column, first: [], last: [] })));
    const followed = new Set([...before.values()].flat());
    for (const step of of.steps) {
      const piece = pieces.get(step.id) as Piece;
      for (const id of before.get(step.id) ?? []) whole.links.push(...joined(pieces.get(id)?.last ?? [], piece.first, "next"));
    }
    whole.first = of.steps.filter((step) => (before.get(step.id) ?? []).length === 0).flatMap((step) => pieces.get(step.id)?.first ?? []);
    whole.last = of.steps.filter((step) => !followed.has(step.id)).flatMap((step) => pieces.get(step.id)?.last ?? []);
    return whole;
  }

  /** Pieces side by side across the main axis. */
  private stack(pieces: readonly Piece[], main: number): Piece {
    const only = pieces[0];
    let cross = 0;
    const whole: Piece = { width: 0, height: 0, anchor: 0, boxes: [], links: [], first: [], last: [] };
    const length = Math.max(0, ...pieces.map((piece) => this.main(piece)));
    for (const piece of pieces) {
      if (cross > 0) cross += GAP.cross;
      whole.boxes.push(...this.moved(piece, main, cross));
      whole.links.push(...piece.links);
      whole.first.push(...piece.first);
      whole.last.push(...piece.last);
      cross += this.cross(piece);
    }
    const anchor = pieces.length === 1 && only !== undefined ? only.anchor : cross / 2;
    return { ...whole, anchor, ...this.sized(length + main, cross) };
  }

  private step(step: FlowStep, depth: number): Piece {
    const closed = step.lists.length === 0 || (step.opens && !this.open.has(step.id));
    const piece = closed
      ? leaf({ id: step.id, kind: "step", ...STEP, x: 0, y: 0, depth, direction: this.direction, step })
      : this.block(step, depth);
    return step.catches.length === 0 ? piece : this.withCatches(step, piece, depth);
  }

  private block(step: FlowStep, depth: number): Piece {
    const lanes = step.lists.map((list) => (list.label === "" ? this.list(list, depth + 1) : this.lane(list, `${step.id}/${String(list.index)}`, depth + 1)));
    const inside = this.stack(lanes, 0);
    const width = Math.max(inside.width, STEP.width) + 2 * SIDE;
    const height = inside.height + HEAD + PAD;
    const box: Box = { id: step.id, kind: "block", x: 0, y: 0, width, height, depth, direction: this.direction, step };
    const boxes = inside.boxes.map((inner) => ({ ...inner, x: inner.x + (width - inside.width) / 2, y: inner.y + HEAD }));
    const links = [...inside.links, ...joined([step.id], inside.first, "enter"), ...joined(inside.last, [step.id], "leave")];
    return { width, height, anchor: this.cross({ width, height }) / 2, boxes: [box, ...boxes], links, first: [step.id], last: [step.id] };
  }

  /** A list with a frame and a label of its own. */
  lane(list: FlowList, id: string, depth: number): Piece {
    const inside = this.list(list, depth + 1);
    const width = Math.max(inside.width, 120) + PAD;
    const height = Math.max(inside.height, 24) + LABEL + PAD / 2;
    const box: Box = { id, kind: "lane", x: 0, y: 0, width, height, depth, direction: this.direction, list };
    const boxes = inside.boxes.map((inner) => ({ ...inner, x: inner.x + (width - inside.width) / 2, y: inner.y + LABEL }));
    const anchor = this.direction === "right" ? LABEL + inside.anchor : (width - inside.width) / 2 + inside.anchor;
    return { ...inside, width, height, anchor, boxes: [box, ...boxes] };
  }

  /** What is done when the step fails lies beside it, from top to bottom: it is seldom gone and takes little of the width. */
  private withCatches(step: FlowStep, piece: Piece, depth: number): Piece {
    const downwards = new Layouter("down", this.open);
    const lanes = step.catches.map((list) => downwards.lane({ ...list, label: `on ${list.label}` }, `${step.id}/catch/${String(list.index)}`, depth));
    const indent = this.direction === "right" ? GAP.main : GAP.main / 2;
    const beside = this.stack(lanes, indent);
    const cross = this.cross(piece) + GAP.cross + 8;
    const size = this.sized(Math.max(this.main(piece), this.main(beside)), cross + this.cross(beside));
    const boxes = [...piece.boxes, ...this.moved(beside, 0, cross)];
    const links = [...piece.links, ...beside.links, ...joined([step.id], beside.first, "catch")];
    return { ...size, anchor: piece.anchor, boxes, links, first: piece.first, last: piece.last };
  }
}

function leaf(box: Box): Piece {
  const anchor = (box.direction === "right" ? box.height : box.width) / 2;
  return { width: box.width, height: box.height, anchor, boxes: [box], links: [], first: [box.id], last: [box.id] };
}

function joined(from: readonly string[], to: readonly string[], role: Link["role"]): Link[] {
  return from.flatMap((source) => to.map((target) => ({ id: `${source}>${target}:${role}`, from: source, to: target, role, label: "" })));
}

/** The steps that each follows: those that it needs, else the one before it. */
function predecessors(steps: readonly FlowStep[]): Map<string, readonly string[]> {
  const known = new Set(steps.map((step) => step.id));
  return new Map(steps.map((step, index) => {
    const before = steps[index - 1];
    const needs = step.needs ?? (before === undefined ? [] : [before.id]);
    return [step.id, needs.filter((id) => known.has(id))];
  }));
}
