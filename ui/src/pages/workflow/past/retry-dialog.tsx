import { useQuery } from "@tanstack/react-query";
import type { JSX } from "react";
import { actOnPast, outlookQuery } from "../../../api/past";
import { Confirm } from "../../../kit/confirm";
import { Preview, RunsAgain } from "./outlook";

const RETRY = { verb: "retry" } as const;

/** The same instance goes on from the steps that failed. */
export function RetryDialog({ id, onClose }: { readonly id: string; readonly onClose: () => void }): JSX.Element {
  const outlook = useQuery(outlookQuery(id, RETRY));
  return (
    <Confirm title="Retry from the failed step" verb="Retry it" wide disabled={outlook.data === undefined} onClose={onClose} act={(reason) => actOnPast(id, RETRY, { reason })}>
      <p className="mb-3">This run goes on. What completed stays, what was undone runs again, and so does what failed or was cut off.</p>
      <Preview outlook={outlook}>{({ again }) => <RunsAgain again={again} none="No step that has begun runs again: it goes on with the next ones." />}</Preview>
    </Confirm>
  );
}
