/** Something that the finder found, and how to get there. */
export interface Hit {
  readonly id: string;
  readonly group: string;
  readonly name: string;
  readonly hint: string;
  readonly status?: string;
  readonly go: () => unknown;
}

/** Of each kind so many at most. */
export const MOST = 8;

/** How the ids of this server begin. */
export const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-/i;
