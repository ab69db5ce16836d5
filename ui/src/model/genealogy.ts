/**
 * Everything that one cause set in motion, as a graph: what led to what, which line leads to a node, and where each is
 * drawn. It knows nothing of drawing. A node stands one column behind the last that led to it; what a node led to lies
 * below one another, in the order in which it happened, so that what happens later moves nothing that stands above.
 */

export interface Happening {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly status?: string | null;
  readonly at?: string | null;
  readonly ended_at?: string | null;
  readonly subject?: string | null;
}

export interface Lead {
  readonly from: string;
  readonly to: string;
  /** `started`, `ran`, `tried`, `emitted` or `told`. */
  readonly kind: string;
}

export interface Lineage {
  readonly nodes: readonly Happening[];
  readonly edges: readonly Lead[];
}

/** Which part is wanted: all of it, what led to a node, or what it led to. */
export type Line = "all" | "ancestors" | "descendants";

export interface Spot {
  readonly node: Happening;
  /** Columns from the left, and rows from the top. */
  readonly column: number;
  readonly row: number;
}

export interface Plan {
  readonly spots: readonly Spot[];
  readonly edges: readonly Lead[];
  readonly columns: number;
  readonly rows: number;
}

function grouped(edges: readonly Lead[], key: "from" | "to"): Map<string, Lead[]> {
  const found = new Map<string, Lead[]>();
  for (const edge of edges) {
    const known = found.get(edge[key]);
    if (known === undefined) found.set(edge[key], [edge]);
    else known.push(edge);
  }
  return found;
}

/** The ids on one line of a node, itself among them. */
export function lineOf(edges: readonly Lead[], node: string, line: Exclude<Line, "all">): ReadonlySet<string> {
  const by = grouped(edges, line === "ancestors" ? "to" : "from");
  const kept = new Set([node]);
  const next = [node];
  for (let at = next.pop(); at !== undefined; at = next.pop()) {
    for (const edge of by.get(at) ?? []) {
      const there = line === "ancestors" ? edge.from : edge.to;
      if (kept.has(there)) continue;
      kept.add(there);
      next.push(there);
    }
  }
  return kept;
}

/** The part of it that is on one line of a node. */
export function keepLine(lineage: Lineage, node: string, line: Line): Lineage {
  if (line === "all" || !lineage.nodes.some(({ id }) => id === node)) return lineage;
  const kept = lineOf(lineage.edges, node, line);
  return { nodes: lineage.nodes.filter(({ id }) => kept.has(id)), edges: lineage.edges.filter(({ from, to }) => kept.has(from) && kept.has(to)) };
}

function began({ at }: Happening): number {
  return at == null ? Number.POSITIVE_INFINITY : Date.parse(at);
}

/** In the order in which they began; what has not begun comes last, by its id. */
function byTime(a: Happening, b: Happening): number {
  const [one, other] = [began(a), began(b)];
  if (one !== other) return one < other ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** How many edges lead at most to each node. What stands in a circle, which there should be none of, begins anew. */
function columnsOf(nodes: readonly Happening[], edges: readonly Lead[]): Map<string, number> {
  const [into, out] = [grouped(edges, "to"), grouped(edges, "from")];
  const waits = new Map(nodes.map(({ id }) => [id, into.get(id)?.length ?? 0]));
  const columns = new Map(nodes.map(({ id }) => [id, 0]));
  const ready = nodes.filter(({ id }) => waits.get(id) === 0).map(({ id }) => id);
  for (let at = ready.pop(); at !== undefined; at = ready.pop()) {
    const column = columns.get(at) ?? 0;
    for (const { to } of out.get(at) ?? []) {
      columns.set(to, Math.max(columns.get(to) ?? 0, column + 1));
      const left = (waits.get(to) ?? 0) - 1;
      waits.set(to, left);
      if (left === 0) ready.push(to);
    }
  }
  return columns;
}

/** Where each node is drawn. Of several that led to one, the last column counts: it is drawn beside that. */
export function plan({ nodes, edges }: Lineage): Plan {
  const columns = columnsOf(nodes, edges);
  const known = new Map(nodes.map((node) => [node.id, node]));
  const children = new Map<string, Happening[]>();
  const roots: Happening[] = [];
  const into = grouped(edges, "to");
  for (const node of nodes) {
    const column = columns.get(node.id) ?? 0;
    const parent = (into.get(node.id) ?? []).find(({ from }) => columns.get(from) === column - 1)?.from;
    if (parent === undefined || !known.has(parent)) roots.push(node);
    else if (children.has(parent)) children.get(parent)?.push(node);
    else children.set(parent, [node]);
  }
  const spots: Spot[] = [];
  let row = 0;
  // A stack, as a chain may be longer than calls may be deep.
  const waiting = roots.toSorted(byTime).toReversed();
  const isFirst = new Set<string>();
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    // The first that a node led to stands in its own row.
    if (spots.length > 0 && !isFirst.has(node.id)) row += 1;
    spots.push({ node, column: columns.get(node.id) ?? 0, row });
    const below = (children.get(node.id) ?? []).sort(byTime);
    if (below[0] !== undefined) isFirst.add(below[0].id);
    for (const child of below.toReversed()) waiting.push(child);
  }
  return { spots, edges, columns: Math.max(0, ...spots.map(({ column }) => column)) + 1, rows: row + 1 };
}

/** When the first of it began, in milliseconds; undefined where nothing has. */
export function beginning(nodes: readonly Happening[]): number | undefined {
  const first = nodes.reduce((least, node) => Math.min(least, began(node)), Number.POSITIVE_INFINITY);
  return Number.isFinite(first) ? first : undefined;
}

/** What a node's id says: the instance that it belongs to, its step, the step's lane, and the attempt's number. */
export interface NodePlace {
  readonly instance: string;
  readonly step: string;
  readonly lane: string;
  readonly attempt: string;
}

export function placeOf(id: string): NodePlace {
  const [path = "", attempt = ""] = id.split("#");
  const [instance = "", step = "", ...lane] = path.split("/");
  return { instance, step, lane: lane.join("/"), attempt };
}

/** The callback whose delivery a workflow of this name is; undefined of any other. */
export function deliveryOf(workflow: string): string | undefined {
  return workflow.startsWith("callback-") ? workflow.slice("callback-".length) : undefined;
}

/** What people call it: of an attempt which one it is, for its name says only where it went or what for. */
export function titleOf({ id, kind, name }: Happening): string {
  if (kind !== "attempt") return name;
  const which = `attempt ${placeOf(id).attempt}`;
  if (name === "run") return which;
  return name === "undo" || name === "verify" || name === "notify" ? `${which}, ${name}` : `${which} at ${name}`;
}
