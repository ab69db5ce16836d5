import { useQuery } from "@tanstack/react-query";
import { useState, type JSX } from "react";
import type { Schemas } from "../../api/client";
import { eventQuery, sendEvent, type NewEvent } from "../../api/events";
import { useRequestKeys } from "../../api/request-key";
import { Button } from "../../kit/button";
import { Dialog } from "../../kit/dialog";
import { Failure, Notice } from "../../kit/notice";
import { Skeleton } from "../../kit/page";
import { parsed } from "../../model/json";

interface SendDialogProps {
  /** The event that it is to be like. */
  readonly like: string | undefined;
  /** The event that was made, if one was. */
  readonly onClose: (made: string | undefined) => void;
}

/** Sends an event, as an outside system would. */
export function SendDialog({ like, onClose }: SendDialogProps): JSX.Element {
  const { data: model } = useQuery({ ...eventQuery(like ?? ""), enabled: like !== undefined });
  return (
    <Dialog title="Send an event" open onClose={() => onClose(undefined)}>
      {like !== undefined && model === undefined ? <Skeleton lines={6} /> : (
        <Form onClose={onClose} start={model === undefined
          ? { type: "", source: "", subject: "", id: "", data: "{}" }
          : { type: model.type, source: model.source, subject: model.subject ?? "", id: "", data: JSON.stringify(model.data, null, 2) }} />
      )}
    </Dialog>
  );
}

type Texts = Readonly<Record<"type" | "source" | "subject" | "id" | "data", string>>;

const FIELDS: readonly (readonly [Exclude<keyof Texts, "data">, string, string, string])[] = [
  ["type", "Type", "what happened", "customer.created"],
  ["source", "Source", "where; without it /api", "/crm"],
  ["subject", "Subject", "whom it is about", "ada"],
  ["id", "Id", "with one it is taken once", ""],
];

function Form({ start, onClose }: { readonly start: Texts; readonly onClose: SendDialogProps["onClose"] }): JSX.Element {
  const [texts, setTexts] = useState(start);
  const [error, setError] = useState<unknown>();
  const [repeat, setRepeat] = useState<Schemas["EventAccepted"]>();
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const keyOf = useRequestKeys();
  const data = parsed(texts.data);
  const write = (name: keyof Texts, value: string): void => setTexts({ ...texts, [name]: value });
  const go = async (): Promise<void> => {
    setTried(true);
    if (data === undefined || texts.type.trim() === "" || busy) return;
    const event: NewEvent = { type: texts.type.trim(), source: texts.source.trim(), subject: texts.subject.trim(), id: texts.id.trim(), data };
    setBusy(true);
    setRepeat(undefined);
    try {
      const taken = await sendEvent(event, keyOf(event));
      if (taken.duplicate) setRepeat(taken);
      else onClose(taken.id);
    } catch (refusal) {
      setError(refusal);
    }
    setBusy(false);
  };
  return (
    <form className="flex flex-col gap-4" noValidate onSubmit={(event) => {
      event.preventDefault();
      void go();
    }}>
      {FIELDS.map(([name, label, hint, example]) => (
        <label key={name} className="flex flex-col gap-1">
          <span className="text-sm text-muted">{label}{name === "type" && <span aria-hidden="true" className="text-failed"> *</span>}<span className="text-faint"> · {hint}</span></span>
          <input className="field" placeholder={example} value={texts[name]} aria-required={name === "type"} aria-invalid={name === "type" && tried && texts.type.trim() === ""} onChange={(event) => write(name, event.target.value)} />
          {name === "type" && tried && texts.type.trim() === "" && <span className="text-sm text-failed">expected a type, such as customer.created</span>}
        </label>
      ))}
      <label className="flex flex-col gap-1">
        <span className="text-sm text-muted">Data<span className="text-faint"> · JSON</span></span>
        <textarea className="field h-36 py-2 font-mono text-sm" spellCheck={false} aria-invalid={data === undefined} value={texts.data} onChange={(event) => write("data", event.target.value)} />
        {data === undefined && <span className="text-sm text-failed">expected JSON</span>}
      </label>
      {repeat !== undefined && (
        <Notice tone="waiting" action={<Button small onClick={() => onClose(repeat.id)}>Look at it</Button>}>
          An event with this source and id was taken before: nothing was started.
        </Notice>
      )}
      {error !== undefined && <Failure error={error} />}
      <div className="flex justify-end gap-2"><Button onClick={() => onClose(undefined)}>Back</Button><Button type="submit" look="main" disabled={busy}>Send</Button></div>
    </form>
  );
}
