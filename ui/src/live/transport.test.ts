import { afterEach, expect, test, vi } from "vitest";
import { webSocket, type Line } from "./transport";

class FakeSocket {
  static readonly CONNECTING = 0;
  static last: FakeSocket | undefined;
  readyState = FakeSocket.CONNECTING;
  closed = 0;
  onopen: (() => void) | undefined;
  constructor(readonly url: URL) {
    FakeSocket.last = this;
  }
  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }
  close(): void {
    this.closed += 1;
  }
}

function opened(): { readonly socket: FakeSocket; readonly close: () => void; readonly onOpen: Line["onOpen"] } {
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("window", { location: { href: "http://host/workflows" } });
  const onOpen = vi.fn();
  const close = webSocket("/api/v1/stream", { onOpen, onRecord: vi.fn(), onEnd: vi.fn() });
  const socket = FakeSocket.last;
  if (socket === undefined) throw new Error("none was opened");
  expect(socket.url.href).toBe("ws://host/api/v1/stream");
  return { socket, close, onOpen };
}

afterEach(() => {
  vi.unstubAllGlobals();
});

test("a socket that is not needed any more is closed once it is there", () => {
  const { socket, close, onOpen } = opened();
  close();
  expect(socket.closed).toBe(0);
  socket.open();
  expect(socket.closed).toBe(1);
  expect(onOpen).not.toHaveBeenCalled();
});

test("an open socket is closed at once", () => {
  const { socket, close, onOpen } = opened();
  socket.open();
  expect(onOpen).toHaveBeenCalledOnce();
  close();
  expect(socket.closed).toBe(1);
});
