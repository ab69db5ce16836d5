import { useQuery } from "@tanstack/react-query";
import { useState, type JSX } from "react";
import { api, take, type Schemas } from "../../api/client";
import { attemptsQuery, instanceQuery } from "../../api/queries";
import { useRequestKeys } from "../../api/request-key";
import { Button } from "../../kit/button";
import { Dialog } from "../../kit/dialog";
import { JsonView } from "../../kit/json-view";
import { Failure } from "../../kit/notice";
import { Facts, Skeleton } from "../../kit/page";
import { RunLink } from "../../kit/run-link";
import { Select } from "../../kit/select";
import { Status } from "../../kit/status";
import { parsed } from "../../model/json";
import { duration } from "../../model/time";

interface TryDialogProps {
  readonly adapter: Schemas["Adapter"];
  readonly onClose: () => void;
}

/** Calls an action once, and shows what came of it. */
export function TryDialog({ adapter: { name, actions, default_action: usual }, onClose }: TryDialogProps): JSX.Element {
  const [action, setAction] = useState(usual ?? actions[0] ?? "");
  const [text, setText] = useState("{}");
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const [called, setCalled] = useState<string>();
  const [made, setMade] = useState(0);
  const keyOf = useRequestKeys();
  const input = parsed(text);
  const go = async (): Promise<void> => {
    if (input === undefined) return;
    setBusy(true);
    setError(undefined);
    setCalled(undefined);
    try {
      const body: Schemas["AdapterCall"] = { input, reason, ...(action === "" ? {} : { action }) };
      const header = { "Idempotency-Key": keyOf([name, body, made]) };
      const { id } = await take(api.POST("/api/v1/adapters/{name}/call", { params: { path: { name }, header }, body }));
      setCalled(id);
      setMade(made + 1);
    } catch (refusal) {
      setError(refusal);
    }
    setBusy(false);
  };
  return (
    <Dialog title={`Try a call of ${name}`} open wide onClose={onClose}>
      <form className="flex flex-col gap-4" noValidate onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void go();
      }}>
        <p className="text-muted">It is really made, once, under the adapter's limits and breaker. It is not tried again, and stands in the audit.</p>
        <div className="grid gap-3 sm:grid-cols-2">
          <label className="flex min-w-0 flex-col gap-1"><span className="text-sm text-muted">Action</span>
            {actions.length === 0 ? <input className="field" placeholder={usual ?? "none"} value={action} onChange={(event) => setAction(event.target.value)} />
              : <Select value={action} onChange={(event) => setAction(event.target.value)}>{actions.map((each) => <option key={each}>{each}</option>)}</Select>}
          </label>
          <label className="flex min-w-0 flex-col gap-1"><span className="text-sm text-muted">Reason (for the record)</span><input className="field" aria-required value={reason} onChange={(event) => setReason(event.target.value)} /></label>
        </div>
        <label className="flex flex-col gap-1"><span className="text-sm text-muted">Input</span>
          <textarea className="field h-32 py-2 font-mono text-sm" spellCheck={false} aria-invalid={input === undefined} value={text} onChange={(event) => setText(event.target.value)} />
          {input === undefined && <span className="text-sm text-failed">expected JSON</span>}
        </label>
        {error !== undefined && <Failure error={error} />}
        <div className="flex justify-end gap-2"><Button onClick={onClose}>Close</Button><Button type="submit" look="main" disabled={busy || input === undefined || reason.trim() === ""}>{called === undefined ? "Call it" : "Call it again"}</Button></div>
      </form>
      <div aria-live="polite" className="mt-4 empty:hidden">{called !== undefined && <Outcome key={called} id={called} />}</div>
    </Dialog>
  );
}

const SOON = 500;

/** What came of a call: asked for until it has ended. */
function Outcome({ id }: { readonly id: string }): JSX.Element {
  const run = useQuery({ ...instanceQuery(id), refetchInterval: ({ state }) => (state.data?.ended_at == null ? SOON : false) });
  const ended = run.data?.ended_at != null;
  const attempts = useQuery({ ...attemptsQuery(id, "call"), enabled: ended });
  if (run.error !== null && run.data === undefined) return <Failure error={run.error} />;
  if (run.data === undefined) return <Skeleton lines={3} />;
  const { status, created_at: began, ended_at: end, output, error, waiting_for: waits } = run.data;
  const attempt = attempts.data?.items.at(-1);
  const waitsFor = waits[0]?.what;
  return (
    <section aria-label="What came of it" className="flex flex-col gap-3 border-t border-line pt-4">
      <Facts items={[
        ["Outcome", <Status key="status" status={status} />],
        ["Took", end == null ? "not over yet" : duration(Date.parse(end) - Date.parse(began))],
        ...(waitsFor === undefined || ended ? [] : [["Waits for", waitsFor] as const]),
        ...(attempt?.target == null || attempt.target === "" ? [] : [["Target", <code key="target">{attempt.target}</code>] as const]),
        ["Run", <RunLink key="run" id={id} />],
      ]} />
      {error != null && <Shown title="Error" value={error} />}
      {ended && error == null && <Shown title="Output" value={output ?? null} />}
      {attempt?.exchange != null && <Shown title="Request and response" value={attempt.exchange} />}
    </section>
  );
}

function Shown({ title, value }: { readonly title: string; readonly value: Parameters<typeof JsonView>[0]["value"] }): JSX.Element {
  return <section className="flex flex-col gap-1.5"><h3 className="text-sm font-semibold text-muted">{title}</h3><JsonView value={value} label={title.toLowerCase()} /></section>;
}
