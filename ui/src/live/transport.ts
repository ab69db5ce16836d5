/**
 * How records come in. A WebSocket, as browsers let many of them be open at once; where a token is needed, server-sent
 * events read by `fetch`, since a browser's WebSocket cannot carry one and no token belongs into a URL.
 */

export interface Line {
  readonly onOpen: () => void;
  readonly onRecord: (json: string) => void;
  /** Why it ended: `done` when there is nothing more to come, `lost` when it should be tried again. */
  readonly onEnd: (why: "done" | "lost") => void;
}

/** Opens a stream; answers what closes it, after which it says nothing more. */
export type Transport = (path: string, line: Line) => () => void;

const NORMAL = 1_000;

export const webSocket: Transport = (path, line) => {
  const url = new URL(path, window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url);
  let closed = false;
  socket.onopen = () => line.onOpen();
  socket.onmessage = ({ data }: MessageEvent<string>) => {
    if (!closed) line.onRecord(data);
  };
  socket.onclose = ({ code }) => {
    if (closed) return;
    closed = true;
    line.onEnd(code === NORMAL ? "done" : "lost");
  };
  return () => {
    closed = true;
    // Closed before it is there, it would be an error in the browser's console.
    if (socket.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close();
    else socket.close();
  };
};

export function eventsWith(token: string): Transport {
  return (path, line) => {
    const abort = new AbortController();
    const over = (why: "done" | "lost"): void => {
      if (abort.signal.aborted) return;
      abort.abort();
      line.onEnd(why);
    };
    void readEvents(path, token, abort.signal, line).then(over, () => over("lost"));
    return () => abort.abort();
  };
}

async function readEvents(path: string, token: string, signal: AbortSignal, line: Line): Promise<"done" | "lost"> {
  const headers = { accept: "text/event-stream", authorization: `Bearer ${token}` };
  const response = await fetch(path, { headers, signal });
  if (!response.ok || response.body === null) return "lost";
  line.onOpen();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return "lost";
    const events = (rest + value).split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) {
      const { name, data } = parseEvent(event);
      if (name === "record") line.onRecord(data);
      if (name === "end") return "done";
      if (name === "problem") return "lost";
    }
  }
}

export function parseEvent(text: string): { readonly name: string; readonly data: string } {
  let name = "";
  const data: string[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("event:")) name = line.slice("event:".length).trim();
    if (line.startsWith("data:")) data.push(line.slice("data:".length).replace(/^ /, ""));
  }
  return { name, data: data.join("\n") };
}
