import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type JSX } from "react";
import type { Operation } from "../../api/client";
import { turnOperation } from "../../api/operations";
import { operationsQuery } from "../../api/queries";
import { operationsRoute } from "../../app/router";
import { Button } from "../../kit/button";
import { Confirm } from "../../kit/confirm";
import { Empty } from "../../kit/empty";
import { CopyButton, ShortId } from "../../kit/id";
import { Failure } from "../../kit/notice";
import { Page, Skeleton } from "../../kit/page";
import { Status } from "../../kit/status";
import { Moment } from "../../kit/time";
import { exact } from "../../model/time";
import { Finding } from "./operation-dialog";

type Verb = "pause" | "resume" | "cancel";

const TELLS: Readonly<Record<Verb, string>> = {
  pause: "Those in hand are still done; the others wait until it is resumed.",
  resume: "It goes on where it stands.",
  cancel: "Those in hand are still done, the others are left alone. What was done stays done.",
};

export default function OperationsPage(): JSX.Element {
  const { data, error, refetch } = useQuery(operationsQuery);
  const { id } = operationsRoute.useSearch();
  const [asked, setAsked] = useState<{ readonly operation: Operation; readonly verb: Verb }>();
  const client = useQueryClient();
  return (
    <Page title="Operations">
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <Skeleton lines={6} />}
      {data?.items.length === 0 && (
        <Empty title="Nothing was asked of many" command="orchestrator cancel --filter workflow=NAME --dry-run">
          One verb on all workflows that a filter takes is carried out here: how far it is, what refused, and how to hold it.
        </Empty>
      )}
      {data !== undefined && data.items.length > 0 && (
        <ol className="rounded border border-line bg-raised">
          {data.items.map((operation) => <Row key={operation.id} operation={operation} isChosen={operation.id === id} onAsk={(verb) => setAsked({ operation, verb })} />)}
        </ol>
      )}
      {asked !== undefined && (
        <Confirm title={`${asked.verb} the operation`} verb={asked.verb} danger={asked.verb === "cancel"} onClose={(acted) => {
          setAsked(undefined);
          if (acted) void client.invalidateQueries({ queryKey: ["operations"] });
        }} act={(reason) => turnOperation(asked.operation.id, asked.verb, reason)}>
          {TELLS[asked.verb]}
        </Confirm>
      )}
    </Page>
  );
}

function Row({ operation, isChosen, onAsk }: { readonly operation: Operation; readonly isChosen: boolean; readonly onAsk: (verb: Verb) => void }): JSX.Element {
  const [open, setOpen] = useState(isChosen);
  const { action, status, total, done, refused, failed, findings } = operation;
  const worked = done + refused + failed;
  const verbs: readonly Verb[] = status === "running" ? ["pause", "cancel"] : status === "paused" ? ["resume", "cancel"] : [];
  const filter = Object.entries(operation.filter ?? {}).map(([name, value]) => `${name}=${[value].flat().join(",")}`).join(" ");
  return (
    <li aria-current={isChosen ? "true" : undefined} className={`flex flex-col gap-1.5 border-b border-line px-4 py-2.5 last:border-b-0 ${isChosen ? "bg-selected" : ""}`}>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <span className="w-28 font-medium">{action}</span>
        <span className="w-28"><Status status={status} /></span>
        <progress className="h-1.5 w-40" aria-label={`${action}: how many are done`} value={worked} max={Math.max(total, worked, 1)} />
        <span>{exact(done)} of {exact(total)}</span>
        {refused > 0 && <span className="text-waiting">{exact(refused)} refused</span>}
        {failed > 0 && <span className="text-failed">{exact(failed)} not reached</span>}
        <span className="min-w-0 flex-1 truncate text-sm text-muted">{[filter, operation.reason ?? ""].filter((said) => said !== "").join(" · ")}</span>
        <span className="inline-flex items-center text-sm text-muted"><Link to="/operations" search={{ id: operation.id }} className="rounded hover:underline"><ShortId id={operation.id} /></Link><CopyButton text={operation.id} what="the id" /></span>
        <span className="text-sm text-muted">{operation.by} <Moment at={operation.created_at} /></span>
        {verbs.map((verb) => <Button key={verb} small look={verb === "cancel" ? "danger" : "plain"} onClick={() => onAsk(verb)}>{verb}</Button>)}
        {findings.length > 0 && <button type="button" aria-expanded={open} className="rounded text-sm text-accent-text hover:underline" onClick={() => setOpen(!open)}>{open ? "Hide" : "Why"}</button>}
      </div>
      {open && (
        <ul className="text-sm text-muted">
          {findings.map((finding) => <li key={finding.id}><Finding id={finding.id} action={action} /> {finding.outcome}: {finding.message}</li>)}
        </ul>
      )}
    </li>
  );
}
