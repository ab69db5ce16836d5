import { useState, type JSX } from "react";
import { api, take } from "../../api/client";
import { useRequestKeys } from "../../api/request-key";
import { Button } from "../../kit/button";
import { Dialog } from "../../kit/dialog";
import { Failure } from "../../kit/notice";
import { parsed, type Json } from "../../model/json";

interface SignalDialogProps {
  readonly id: string;
  /** The name that a step waits for; empty: it is to be written. */
  readonly name: string;
  readonly onClose: () => void;
}

/** Sends a signal to an instance. */
export function SignalDialog({ id, name: awaited, onClose }: SignalDialogProps): JSX.Element {
  const [name, setName] = useState(awaited);
  const [written, setWritten] = useState("{}");
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const keyOf = useRequestKeys();
  const data = parsed(written);
  const go = async (given: Json): Promise<void> => {
    setBusy(true);
    try {
      await take(api.POST("/api/v1/workflows/{id}/signal", { params: { path: { id }, header: { "Idempotency-Key": keyOf([name, given]) } }, body: { name, data: given } }));
      onClose();
    } catch (refusal) {
      setError(refusal);
      setBusy(false);
    }
  };
  return (
    <Dialog title={awaited === "" ? "Send a signal" : `Send the signal ${awaited}`} open onClose={onClose}>
      <form className="flex flex-col gap-4" onSubmit={(event) => {
        event.preventDefault();
        if (data !== undefined) void go(data);
      }}>
        <p className="text-muted">A step that waits for this name takes it and goes on, with the data as its output. Without such a step it is kept until there is one.</p>
        <label className="flex flex-col gap-1"><span className="text-sm text-muted">Name</span>
          <input className="field font-mono" required maxLength={128} autoFocus={awaited === ""} value={name} onChange={(event) => setName(event.target.value)} />
        </label>
        <label className="flex flex-col gap-1"><span className="text-sm text-muted">Data, in JSON</span>
          <textarea className="field font-mono" rows={8} spellCheck={false} autoFocus={awaited !== ""} aria-invalid={data === undefined} value={written} onChange={(event) => setWritten(event.target.value)} />
          {data === undefined && <span className="text-sm text-failed">expected JSON</span>}
        </label>
        {error !== undefined && <Failure error={error} />}
        <div className="flex justify-end gap-2"><Button onClick={onClose}>Back</Button><Button type="submit" look="main" disabled={busy || data === undefined}>Send it</Button></div>
      </form>
    </Dialog>
  );
}
