import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Feed, type FeedState } from "./feed";
import { throttled } from "./throttle";
import { parseEvent, type Line } from "./transport";

interface Place {
  readonly at: number;
}

/** A server whose lines the test holds in its hands. */
function setUp(alive = false) {
  const opened: { path: string; line: Line }[] = [];
  const got: number[] = [];
  const states: FeedState[] = [];
  const gaps = vi.fn();
  const feed = new Feed<Place>({
    transport: () => (path, line) => {
      opened.push({ path, line });
      return () => undefined;
    },
    path: (place) => `/stream?after=${place ?? "now"}`,
    placeOf: ({ at }) => String(at),
    onRecords: (records) => got.push(...records.map(({ at }) => at)),
    onState: (state) => states.push(state),
    onGap: gaps,
    alive: () => Promise.resolve(alive),
  });
  const last = (): Line => opened.at(-1)!.line;
  const say = (at: number): void => last().onRecord(JSON.stringify({ at }));
  return { feed, opened, got, states, gaps, last, say };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a feed", () => {
  test("hands records over in batches and goes on behind the last one after a loss", async () => {
    const { opened, got, states, last, say } = setUp();
    last().onOpen();
    say(1);
    say(2);
    expect(got).toEqual([]);
    await vi.advanceTimersByTimeAsync(20);
    expect(got).toEqual([1, 2]);
    say(3);
    last().onEnd("lost");
    expect(got).toEqual([1, 2, 3]);
    await vi.advanceTimersByTimeAsync(300);
    expect(opened.map(({ path }) => path)).toEqual(["/stream?after=now", "/stream?after=3"]);
    last().onOpen();
    expect(states).toEqual(["connecting", "open", "lost", "lost", "open"]);
  });

  test("waits longer each time, and at once when asked to", async () => {
    const { feed, opened, last } = setUp();
    for (let tries = 1; tries <= 5; tries += 1) {
      last().onEnd("lost");
      await vi.advanceTimersByTimeAsync(4_000);
      expect(opened).toHaveLength(tries + 1);
    }
    last().onEnd("lost");
    feed.hurry();
    expect(opened).toHaveLength(7);
  });

  test("gives a place up only when a server that answers refuses it", async () => {
    for (const alive of [true, false]) {
      const { opened, gaps, last, say } = setUp(alive);
      last().onOpen();
      say(5);
      last().onEnd("lost");
      for (let tries = 0; tries < 4; tries += 1) {
        await vi.advanceTimersByTimeAsync(5_000);
        last().onEnd("lost");
      }
      await vi.advanceTimersByTimeAsync(5_000);
      expect(opened.at(-1)?.path).toBe(alive ? "/stream?after=now" : "/stream?after=5");
      expect(gaps).toHaveBeenCalledTimes(alive ? 1 : 0);
    }
  });

  test("is over when there is nothing more, and silent once it was stopped", async () => {
    const { feed, opened, states, last, got, say } = setUp();
    last().onEnd("done");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(opened).toHaveLength(1);
    expect(states.at(-1)).toBe("ended");
    feed.stop();
    say(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(got).toEqual([]);
  });
});

test("throttled work begins at once, is not repeated in between, and is never lost", async () => {
  const work = vi.fn(() => Promise.resolve());
  const { call, stop } = throttled(work, 100);
  for (let count = 0; count < 5; count += 1) call();
  expect(work).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(150);
  expect(work).toHaveBeenCalledTimes(2);
  call();
  stop();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(work).toHaveBeenCalledTimes(2);
});

test("throttled work that is slow is repeated more rarely, but for the first time", async () => {
  const work = vi.fn(() => new Promise((done) => setTimeout(done, 400)));
  const { call, stop } = throttled(work, 100);
  const after = async (ms: number): Promise<number> => {
    call();
    await vi.advanceTimersByTimeAsync(ms);
    return work.mock.calls.length;
  };
  call();
  expect(await after(499)).toBe(1);
  expect(await after(2)).toBe(2);
  expect(await after(400 + 798)).toBe(2);
  expect(await after(2)).toBe(3);
  stop();
});

test("server-sent events are read by their lines", () => {
  expect(parseEvent('event: record\nid: 7\ndata: {"a":1}')).toEqual({ name: "record", data: '{"a":1}' });
  expect(parseEvent(": keep-alive")).toEqual({ name: "", data: "" });
});
