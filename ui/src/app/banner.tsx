import { useQuery } from "@tanstack/react-query";
import type { JSX } from "react";
import { systemQuery } from "../api/queries";
import { Button } from "../kit/button";
import { useNow } from "../kit/clock";
import * as icons from "../kit/icons";
import { useConnection } from "../live/hooks";
import { hub } from "../live/hub";
import { clockTime, span } from "../model/time";
import { PauseSwitch } from "./pause-switch";

/** A hiccup of a moment is not worth a banner. */
const QUIET_FOR = 700;

export function Banner(): JSX.Element {
  const { state, since } = useConnection();
  const system = useQuery(systemQuery).data;
  return (
    <div role="status" className="shrink-0">
      {state === "lost" && <Lost since={since} />}
      {state !== "lost" && system?.ready === false && (
        <p className="tint-waiting border-b border-waiting/40 px-4 py-1.5">The server is up but takes no work yet. It is asked again by itself.</p>
      )}
      {state !== "lost" && system?.paused === true && (
        <div className="tint-waiting flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-waiting/40 px-4 py-1.5">
          <icons.Pause className="text-waiting" />
          <span className="min-w-0 flex-1 break-words">
            <strong className="font-semibold">Everything is paused ({system.paused_because}).</strong> No call goes out and no timer fires.
          </span>
          <PauseSwitch paused small />
        </div>
      )}
    </div>
  );
}

function Lost({ since }: { readonly since: number }): JSX.Element | null {
  const now = useNow();
  if (now - since < QUIET_FOR && now > since) return null;
  return (
    <div className="tint-failed flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-failed/40 px-4 py-1.5">
      <icons.Octagon className="text-failed" />
      <span className="min-w-0 flex-1">
        <strong className="font-semibold">No connection to the server since {clockTime(since)} ({span(now - since)}).</strong>{" "}
        What is shown is as it was then. It is tried again by itself; nothing will be missed.
      </span>
      <Button small onClick={() => hub.hurry()}>Try now</Button>
    </div>
  );
}
