import { useEffect, useRef, useState, type JSX, type ReactNode } from "react";
import { explain } from "../api/problem";
import { actOnAll, type BulkProgress } from "../model/bulk";
import { exact } from "../model/time";
import { Button } from "./button";
import { Dialog } from "./dialog";

interface BulkDialogProps {
  readonly title: string;
  /** What will happen, in words, before it does. */
  readonly children: ReactNode;
  readonly verb: string;
  readonly danger?: boolean;
  readonly ids: readonly string[];
  readonly act: (id: string, reason: string) => Promise<unknown>;
  readonly nameOf?: (id: string) => string;
  readonly onClose: (acted: boolean) => void;
}

/** Requests under way at once: quick, and far from what the server bounds. */
const AT_ONCE = 8;
const SHOWN_FAILURES = 50;

/** One verb on many: says what it will do, shows how far it is, can be stopped, and names what was refused. */
export function BulkDialog({ title, children, verb, danger = false, ids, act, nameOf = (id) => id, onClose }: BulkDialogProps): JSX.Element {
  const [reason, setReason] = useState("");
  const [progress, setProgress] = useState<BulkProgress>();
  const stop = useRef(new AbortController());
  useEffect(() => {
    const controller = stop.current;
    return () => controller.abort();
  }, []);
  const close = (): void => {
    stop.current.abort();
    onClose(progress !== undefined);
  };
  const go = (): void => {
    stop.current = new AbortController();
    void actOnAll(ids, (id) => act(id, reason), { atOnce: AT_ONCE, signal: stop.current.signal, onProgress: setProgress });
  };
  return (
    <Dialog title={title} open onClose={close}>
      {progress === undefined ? (
        <form className="flex flex-col gap-4" onSubmit={(event) => {
          event.preventDefault();
          go();
        }}>
          <div className="text-muted">{children}</div>
          <label className="flex flex-col gap-1">
            <span className="text-sm text-muted">Reason (for the record)</span>
            <input className="field" value={reason} onChange={(event) => setReason(event.target.value)} />
          </label>
          <div className="flex justify-end gap-2">
            <Button onClick={close}>Back</Button>
            <Button type="submit" look={danger ? "danger" : "main"}>{verb} {exact(ids.length)}</Button>
          </div>
        </form>
      ) : (
        <Progress progress={progress} nameOf={nameOf} onStop={() => stop.current.abort()} onClose={close} />
      )}
    </Dialog>
  );
}

interface ProgressProps {
  readonly progress: BulkProgress;
  readonly nameOf: (id: string) => string;
  readonly onStop: () => void;
  readonly onClose: () => void;
}

function Progress({ progress: { done, total, failures, finished }, nameOf, onStop, onClose }: ProgressProps): JSX.Element {
  const well = done - failures.length;
  return (
    <div className="flex flex-col gap-4">
      <progress className="h-2 w-full accent-(--accent)" max={total} value={done} aria-label="Progress" />
      <p role="status">
        {finished ? "Finished: " : ""}{exact(well)} of {exact(total)} taken
        {failures.length > 0 && <span className="text-failed">, {exact(failures.length)} refused</span>}
        {finished && done < total && `, ${exact(total - done)} not tried`}
      </p>
      {failures.length > 0 && (
        <ul className="flex max-h-52 flex-col gap-1 overflow-y-auto rounded border border-line bg-sunken p-2 text-sm" tabIndex={0} aria-label="Refused">
          {failures.slice(0, SHOWN_FAILURES).map(({ id, error }) => <li key={id}><code>{nameOf(id)}</code> {explain(error).detail}</li>)}
          {failures.length > SHOWN_FAILURES && <li className="text-faint">and {exact(failures.length - SHOWN_FAILURES)} more</li>}
        </ul>
      )}
      <div className="flex justify-end">{finished ? <Button look="main" onClick={onClose}>Done</Button> : <Button onClick={onStop}>Stop</Button>}</div>
    </div>
  );
}
