import { useState, type JSX, type ReactNode } from "react";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { Failure } from "./notice";

interface ConfirmProps {
  readonly title: string;
  /** What will happen, in words. */
  readonly children: ReactNode;
  readonly verb: string;
  readonly danger?: boolean;
  /** Whether it was done. */
  readonly onClose: (acted: boolean) => void;
  /** Does it; the dialog closes when it is done and stays with the reason when it is refused. */
  readonly act: (reason: string) => Promise<unknown>;
  /** Undefined: as usual; none: nobody is asked why. */
  readonly reasonLabel?: string | null;
  /** It cannot be done as it stands. */
  readonly disabled?: boolean;
  readonly wide?: boolean;
}

export function Confirm({ title, children, verb, danger = false, onClose, act, reasonLabel = "Reason (for the record)", disabled = false, wide = false }: ConfirmProps): JSX.Element {
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const go = (): void => {
    setBusy(true);
    act(reason).then(() => onClose(true), (refusal: unknown) => {
      setError(refusal);
      setBusy(false);
    });
  };
  return (
    <Dialog title={title} open wide={wide} onClose={() => onClose(false)}>
      <form className="flex flex-col gap-4" onSubmit={(event) => {
        event.preventDefault();
        if (!busy && !disabled) go();
      }}>
        <div className="text-muted">{children}</div>
        {reasonLabel !== null && (
          <label className="flex flex-col gap-1">
            <span className="text-sm text-muted">{reasonLabel}</span>
            <input className="field" value={reason} onChange={(event) => setReason(event.target.value)} />
          </label>
        )}
        {error !== undefined && <Failure error={error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={() => onClose(false)}>Back</Button>
          <Button type="submit" look={danger ? "danger" : "main"} disabled={busy || disabled}>{verb}</Button>
        </div>
      </form>
    </Dialog>
  );
}
