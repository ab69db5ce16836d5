/**
 * A stream that comes back by itself: after a loss it goes on behind the last record that it had, so that nothing is
 * missed and nothing comes twice. Records are handed over in batches, one a frame.
 */
import type { Transport } from "./transport";

export type FeedState = "connecting" | "open" | "lost" | "ended";

export interface FeedOptions<R> {
  readonly transport: () => Transport;
  /** Where the stream is read from, behind this place. */
  readonly path: (place: string | undefined) => string;
  readonly placeOf: (record: R) => string;
  readonly onRecords: (records: R[]) => void;
  readonly onState: (state: FeedState) => void;
  /** Whether the server answers at all; a stream that it refuses is another matter than a server that is away. */
  readonly alive: () => Promise<boolean>;
  /** The server does not know the place any more: what came since then was missed. */
  readonly onGap?: () => void;
  readonly place?: string | undefined;
}

const FRAME = 16;
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 4_000;
/** Refusals in a row after which a place is given up. */
const MOST_REFUSALS = 3;

export class Feed<R> {
  private place: string | undefined;
  private close: (() => void) | undefined;
  private waiting: R[] = [];
  private frame: ReturnType<typeof setTimeout> | undefined;
  private pause: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private refusals = 0;
  private stopped = false;

  constructor(private readonly options: FeedOptions<R>) {
    this.place = options.place;
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    this.waiting = [];
    clearTimeout(this.frame);
    clearTimeout(this.pause);
    this.close?.();
  }

  /** Tries at once instead of waiting for the next attempt. */
  hurry(): void {
    if (this.pause === undefined) return;
    clearTimeout(this.pause);
    this.pause = undefined;
    this.connect();
  }

  private connect(): void {
    this.options.onState(this.failures === 0 ? "connecting" : "lost");
    if (this.refusals >= MOST_REFUSALS && this.place !== undefined) {
      this.place = undefined;
      this.options.onGap?.();
    }
    let opened = false;
    this.close = this.options.transport()(this.options.path(this.place), {
      onOpen: () => {
        opened = true;
        this.failures = 0;
        this.refusals = 0;
        this.options.onState("open");
      },
      onRecord: (json) => this.take(JSON.parse(json) as R),
      onEnd: (why) => {
        if (!opened) void this.options.alive().then((alive) => void (this.refusals += Number(alive)));
        this.end(why);
      },
    });
  }

  private take(record: R): void {
    if (this.stopped) return;
    this.place = this.options.placeOf(record);
    this.waiting.push(record);
    this.frame ??= setTimeout(() => this.flush(), FRAME);
  }

  private flush(): void {
    clearTimeout(this.frame);
    this.frame = undefined;
    const records = this.waiting;
    this.waiting = [];
    if (records.length > 0) this.options.onRecords(records);
  }

  private end(why: "done" | "lost"): void {
    this.flush();
    if (this.stopped) return;
    if (why === "done") {
      this.options.onState("ended");
      return;
    }
    this.failures += 1;
    this.options.onState("lost");
    const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.failures - 1));
    this.pause = setTimeout(() => {
      this.pause = undefined;
      this.connect();
    }, longest * (0.75 + Math.random() / 4));
  }
}
