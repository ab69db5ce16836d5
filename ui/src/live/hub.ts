/**
 * The one live connection of the page: the facts that lists and overviews depend on, and whether it stands. Pages that
 * show one run follow that run's own stream besides.
 */
import type { StreamRecord } from "../api/client";
import { session } from "../api/session";
import { Feed, type FeedState } from "./feed";
import { eventsWith, webSocket, type Transport } from "./transport";

/** What changes a row of a list; the many records of single steps stay away. */
const TYPES = [
  "instance-started", "instance-failing", "instance-completed", "instance-failed", "instance-compensated", "instance-cancelled",
  "decision-requested", "decision-made", "cancel-requested", "compensation-requested", "compensation-started",
  "instance-queued", "turn-awaited", "instance-begun", "instance-paused", "instance-resumed", "instance-retried", "restore-requested",
  "instance-restored", "instance-migrated", "dead-lettered", "retry-scheduled", "task-accepted", "step-started",
  "event-taken",
];
/** Events may come by the thousand: a few a second say that there are some. */
const EVENT_RATE = 10;

export interface Connection {
  readonly state: FeedState;
  /** Since when it is in this state. */
  readonly since: number;
}

type OnRecords = (records: readonly StreamRecord[]) => void;

export function transport(): Transport {
  const { token } = session.now;
  return token === undefined ? webSocket : eventsWith(token);
}

export function alive(): Promise<boolean> {
  return fetch("/healthz").then((response) => response.ok, () => false);
}

export class Hub {
  private feed: Feed<StreamRecord> | undefined;
  private readonly recordListeners = new Set<OnRecords>();
  private readonly stateListeners = new Set<() => void>();
  private readonly backListeners = new Set<() => void>();
  private connection: Connection = { state: "connecting", since: Date.now() };

  start(): void {
    this.feed?.stop();
    this.feed = new Feed<StreamRecord>({
      transport,
      path: (place) => `/api/v1/stream?event_rate=${String(EVENT_RATE)}&type=${TYPES.join(",")}${place === undefined ? "" : `&cursor=${encodeURIComponent(place)}`}`,
      placeOf: (record) => record.cursor,
      onRecords: (records) => {
        for (const listener of this.recordListeners) listener(records);
      },
      onState: (state) => this.enter(state),
      onGap: () => this.back(),
      alive,
    });
  }

  stop(): void {
    this.feed?.stop();
    this.feed = undefined;
    this.enter("connecting");
  }

  hurry(): void {
    this.feed?.hurry();
  }

  get now(): Connection {
    return this.connection;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.stateListeners.add(listener);
    return () => this.stateListeners.delete(listener);
  };

  onRecords(listener: OnRecords): () => void {
    this.recordListeners.add(listener);
    return () => this.recordListeners.delete(listener);
  }

  /** After a loss: whatever was read before may be out of date. */
  onBack(listener: () => void): () => void {
    this.backListeners.add(listener);
    return () => this.backListeners.delete(listener);
  }

  private enter(state: FeedState): void {
    if (state === this.connection.state) return;
    const wasLost = this.connection.state === "lost";
    this.connection = { state, since: Date.now() };
    for (const listener of this.stateListeners) listener();
    if (wasLost && state === "open") this.back();
  }

  private back(): void {
    for (const listener of this.backListeners) listener();
  }
}

export const hub = new Hub();
