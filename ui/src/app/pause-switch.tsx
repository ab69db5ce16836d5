import { useQueryClient } from "@tanstack/react-query";
import { useState, type JSX } from "react";
import { api, take } from "../api/client";
import { systemQuery } from "../api/queries";
import { Button } from "../kit/button";
import { Confirm } from "../kit/confirm";

/** Holds all calls and timers back, or lets them go on. */
export function PauseSwitch({ paused, small = false }: { readonly paused: boolean; readonly small?: boolean }): JSX.Element {
  const [asked, setAsked] = useState(false);
  const client = useQueryClient();
  const act = (reason: string): Promise<unknown> => {
    const body = { reason };
    return paused ? take(api.POST("/api/v1/system/resume", { body })) : take(api.POST("/api/v1/system/pause", { body }));
  };
  const close = (acted: boolean): void => {
    setAsked(false);
    if (acted) void client.invalidateQueries({ queryKey: systemQuery.queryKey });
  };
  return (
    <>
      <Button small={small} look={paused ? "plain" : "danger"} onClick={() => setAsked(true)}>{paused ? "Resume" : "Pause everything"}</Button>
      {asked && (
        <Confirm title={paused ? "Let everything go on" : "Pause everything"} verb={paused ? "Resume" : "Pause everything"} danger={!paused} onClose={close} act={act}>
          {paused
            ? "Calls that waited go out, and timers that came due fire."
            : "No call goes out and no timer fires on any node, until someone resumes it; a restart does not change that. Calls under way end. New work is still taken, and waits."}
        </Confirm>
      )}
    </>
  );
}
