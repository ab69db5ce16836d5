import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type JSX, type ReactNode } from "react";
import type { Operation } from "../../api/client";
import { isOver, makeOperation, operationQuery, previewQuery, turnOperation, type OperationOrder } from "../../api/operations";
import { useRequestKeys } from "../../api/request-key";
import { Button } from "../../kit/button";
import { Dialog } from "../../kit/dialog";
import { LinkedId, ShortId } from "../../kit/id";
import { Failure } from "../../kit/notice";
import { Skeleton } from "../../kit/page";
import { RunLink } from "../../kit/run-link";
import { Select } from "../../kit/select";
import { exact } from "../../model/time";

interface OperationDialogProps {
  /** With how many there are: `Cancel 500 workflows`. */
  readonly title: (count: string) => string;
  readonly verb: string;
  readonly danger?: boolean;
  /** What will happen to each, in words, before it does; and what can be chosen. */
  readonly children: ReactNode;
  readonly order: OperationOrder;
  /** It must be said why. */
  readonly needsReason?: boolean;
  readonly onClose: (acted: boolean) => void;
}

const RATES = [["", "as fast as they take it"], ["100/s", "100 a second"], ["20/s", "20 a second"], ["5/s", "5 a second"], ["30/m", "30 a minute"]] as const;

/** One verb on many: says what it will do and to how many, is carried out by the server, and is followed here. */
export function OperationDialog({ title, verb, danger = false, children, order, needsReason = false, onClose }: OperationDialogProps): JSX.Element {
  const [made, setMade] = useState<Operation>();
  const preview = useQuery({ ...previewQuery(order), enabled: made === undefined });
  const count = made?.total ?? preview.data?.count;
  return (
    <Dialog title={title(count === undefined ? "" : exact(count))} open onClose={() => onClose(made !== undefined)}>
      {made === undefined
        ? <Ask {...{ verb, danger, order, needsReason }} count={count} error={preview.error} onRefused={() => void preview.refetch()} onMade={setMade} onClose={() => onClose(false)}>{children}</Ask>
        : <Progress made={made} onClose={() => onClose(true)} />}
    </Dialog>
  );
}

interface AskProps extends Required<Pick<OperationDialogProps, "verb" | "danger" | "children" | "order" | "needsReason">> {
  readonly count: number | undefined;
  readonly error: Error | null;
  /** There may be others by now. */
  readonly onRefused: () => void;
  readonly onMade: (operation: Operation) => void;
  readonly onClose: () => void;
}

function Ask({ verb, danger, children, order, needsReason, count, error, onRefused, onMade, onClose }: AskProps): JSX.Element {
  const [reason, setReason] = useState("");
  const [rate, setRate] = useState("");
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<unknown>();
  const keyOf = useRequestKeys();
  const unsaid = needsReason && reason.trim() === "";
  const go = async (expected: number): Promise<void> => {
    setBusy(true);
    try {
      onMade(await makeOperation(order, { reason, rate, expected, key: keyOf([order, reason, rate, expected]) }));
    } catch (found) {
      setRefusal(found);
      setBusy(false);
      onRefused();
    }
  };
  return (
    <form className="flex flex-col gap-4" onSubmit={(event) => {
      event.preventDefault();
      if (count !== undefined && count > 0 && !unsaid && !busy) void go(count);
    }}>
      <div className="text-muted">{children}</div>
      {count === 0 && <p>Nothing is left that this could be done to.</p>}
      {count === undefined && error === null && <Skeleton lines={1} />}
      <label className="flex flex-col gap-1">
        <span className="text-sm text-muted">Reason {needsReason ? "(needed)" : "(for the record)"}</span>
        <input className="field" value={reason} onChange={(event) => setReason(event.target.value)} />
      </label>
      <label className="flex flex-col gap-1">
        <span className="text-sm text-muted">How fast</span>
        <Select value={rate} onChange={(event) => setRate(event.target.value)}>{RATES.map(([value, name]) => <option key={value} value={value}>{name}</option>)}</Select>
      </label>
      {(refusal !== undefined || error !== null) && <Failure error={refusal ?? error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Back</Button>
        <Button type="submit" look={danger ? "danger" : "main"} disabled={count === undefined || count === 0 || busy || unsaid}>{verb}{count === undefined ? "" : ` ${exact(count)}`}</Button>
      </div>
    </form>
  );
}

function Progress({ made, onClose }: { readonly made: Operation; readonly onClose: () => void }): JSX.Element {
  const client = useQueryClient();
  const operation = useQuery(operationQuery(made.id)).data ?? made;
  const { total, done, refused, failed, findings, status } = operation;
  const worked = done + refused + failed;
  const over = isOver(operation);
  const turn = (verb: "pause" | "resume" | "cancel"): void => void turnOperation(made.id, verb, "").then(() => client.invalidateQueries({ queryKey: ["operations"] }));
  return (
    <div className="flex flex-col gap-4">
      <progress className="h-2 w-full accent-(--accent)" max={Math.max(total, worked, 1)} value={over ? Math.max(total, worked, 1) : worked} aria-label="Progress" />
      <p role="status">
        {over ? (status === "cancelled" ? "Given up: " : "Finished: ") : status === "paused" ? "Held: " : ""}{exact(done)} of {exact(total)} taken
        {refused > 0 && <span className="text-waiting">, {exact(refused)} refused</span>}
        {failed > 0 && <span className="text-failed">, {exact(failed)} not reached</span>}
      </p>
      {findings.length > 0 && (
        <ul className="flex max-h-52 flex-col gap-1 overflow-y-auto rounded border border-line bg-sunken p-2 text-sm" tabIndex={0} aria-label="Refused">
          {findings.map(({ id, message }) => <li key={id}><Finding id={id} action={operation.action} /> {message}</li>)}
        </ul>
      )}
      <p className="text-sm text-faint">The server carries it out, also when this page is closed. <Link to="/operations" search={{ id: made.id }} className="text-accent-text underline">See it among the operations</Link>.</p>
      <div className="flex justify-end gap-2">
        {status === "running" && <Button onClick={() => turn("pause")}>Hold</Button>}
        {status === "paused" && <Button onClick={() => turn("resume")}>Go on</Button>}
        {!over && <Button look="danger" onClick={() => turn("cancel")}>Give up</Button>}
        <Button look="main" onClick={onClose}>{over ? "Done" : "Close"}</Button>
      </div>
    </div>
  );
}

/** Whom a finding is about. */
export function Finding({ id, action }: { readonly id: string; readonly action: string }): JSX.Element {
  return action === "reprocess" || action === "discard"
    ? <LinkedId id={id} what="the letter's id"><Link to="/dead-letters" search={{ id }} className="text-accent-text underline"><ShortId id={id} /></Link></LinkedId>
    : <RunLink id={id} />;
}
