import { useState, type JSX } from "react";
import { api, take } from "../../api/client";
import { Button } from "../../kit/button";
import { Confirm } from "../../kit/confirm";
import { parsed } from "../../model/json";
import { stepHasEnded } from "../../model/status";
import type { StepState } from "../../model/run/state";

export type Verb = "skip" | "complete" | "fail" | "retry";

const NAMES: Readonly<Record<Verb, string>> = { retry: "Retry now", skip: "Skip", complete: "Supply the output", fail: "Fail" };
const WORDS: Readonly<Record<Verb, string>> = {
  retry: "Its next attempt is made at once.",
  skip: "It is left out, its output is null, and the workflow goes on. A call under way is not waited for: it may have taken effect.",
  complete: "It counts as done, with the output that you give, and the workflow goes on.",
  fail: "It fails, and its catch, on-error and retry policy take the error like any other. A call under way is not waited for.",
};

/** What an operator can do about an open step. One that a person is asked about has its answers elsewhere. */
export function StepVerbs({ id, state }: { readonly id: string; readonly state: StepState }): JSX.Element | null {
  const [asked, setAsked] = useState<Verb>();
  const { status } = state;
  if (stepHasEnded(status) || status === "pending" || status === "deciding") return null;
  const verbs: readonly Verb[] = status === "retrying" ? ["retry", "skip", "complete", "fail"] : ["skip", "complete", "fail"];
  return (
    <div className="flex flex-wrap gap-2">
      {verbs.map((verb) => <Button key={verb} small look={verb === "retry" ? "main" : verb === "fail" ? "danger" : "plain"} title={WORDS[verb]} onClick={() => setAsked(verb)}>{NAMES[verb]}</Button>)}
      {asked !== undefined && <VerbDialog id={id} state={state} verb={asked} onClose={() => setAsked(undefined)} />}
    </div>
  );
}

interface VerbDialogProps {
  readonly id: string;
  readonly state: Pick<StepState, "step" | "lane">;
  readonly verb: Verb;
  readonly onClose: () => void;
}

export function VerbDialog({ id, state: { step, lane }, verb, onClose }: VerbDialogProps): JSX.Element {
  const [written, setWritten] = useState("null");
  const output = parsed(written);
  const act = (reason: string): Promise<unknown> => {
    const params = { path: { id, step } };
    const body = { lane, reason };
    switch (verb) {
      case "skip": return take(api.POST("/api/v1/workflows/{id}/steps/{step}/skip", { params, body }));
      case "fail": return take(api.POST("/api/v1/workflows/{id}/steps/{step}/fail", { params, body }));
      case "retry": return take(api.POST("/api/v1/workflows/{id}/steps/{step}/retry", { params, body }));
      case "complete": return output === undefined
        ? Promise.reject(new Error("The output is no JSON."))
        : take(api.POST("/api/v1/workflows/{id}/steps/{step}/complete", { params, body: { ...body, output } }));
    }
  };
  return (
    <Confirm title={`${NAMES[verb]}: ${step}`} verb={NAMES[verb]} danger={verb === "fail"} onClose={onClose} act={act}>
      {WORDS[verb]}
      {verb === "complete" && (
        <label className="mt-3 flex flex-col gap-1">
          <span className="text-sm">The output, in JSON</span>
          <textarea className="field font-mono" rows={8} spellCheck={false} aria-invalid={output === undefined} value={written} onChange={(event) => setWritten(event.target.value)} />
        </label>
      )}
    </Confirm>
  );
}
