/**
 * A long list that is known in part, newest first. A fresh piece replaces exactly the stretch that it covers, so that
 * what is on screen is renewed without reading again all that lies above and below.
 */

export interface Row {
  readonly id: string;
  readonly created_at: string;
}

/** Below 0 where `a` stands above `b`. */
export function order(a: Row, b: Row): number {
  if (a.created_at !== b.created_at) return a.created_at > b.created_at ? -1 : 1;
  return a.id === b.id ? 0 : a.id > b.id ? -1 : 1;
}

export interface Piece<R extends Row> {
  readonly rows: readonly R[];
  /** The first row that it may cover; undefined: it begins at the top. */
  readonly from?: Row | undefined;
  /** It reaches the end of the list. */
  readonly toEnd: boolean;
}

export function replaceStretch<R extends Row>(rows: readonly R[], piece: Piece<R>): R[] {
  const { from, toEnd } = piece;
  const last = piece.rows.at(-1);
  const above = from === undefined ? [] : rows.filter((row) => order(row, from) < 0);
  const seen = new Set(above.map((row) => row.id));
  const fresh = piece.rows.filter((row) => !seen.has(row.id));
  if (toEnd || last === undefined) return [...above, ...fresh];
  return [...above, ...fresh, ...rows.filter((row) => order(row, last) > 0)];
}
