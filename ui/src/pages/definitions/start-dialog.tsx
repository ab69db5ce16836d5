import { useNavigate } from "@tanstack/react-router";
import { useState, type JSX } from "react";
import { api, newKey, take, type Schemas } from "../../api/client";
import { ApiProblem } from "../../api/problem";
import { Button } from "../../kit/button";
import { Dialog } from "../../kit/dialog";
import { Failure } from "../../kit/notice";
import { Select } from "../../kit/select";
import { member, parsed } from "../../model/json";
import { fieldsOf, fill, type Field } from "../../model/schema-form";

interface StartDialogProps {
  readonly definition: Schemas["DefinitionVersion"];
  readonly onClose: () => void;
}

/** Starts an instance; the form is made from the schema of the input. */
export function StartDialog({ definition: { name, version, document }, onClose }: StartDialogProps): JSX.Element {
  const fields = fieldsOf(member(member(document, "input"), "schema"));
  const [texts, setTexts] = useState<ReadonlyMap<string, string>>(new Map());
  const [raw, setRaw] = useState("{}");
  const [asJson, setAsJson] = useState(fields.length === 0);
  const [error, setError] = useState<unknown>();
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [key] = useState(newKey);
  const navigate = useNavigate();
  const filled = fill(fields, texts);
  const input = asJson ? parsed(raw) : filled.value;
  const wrong = asJson ? input === undefined : filled.errors.size > 0;
  const go = async (): Promise<void> => {
    setTried(true);
    if (wrong || input === undefined) return;
    setBusy(true);
    try {
      const made = await take(api.POST("/api/v1/workflows", { params: { header: { "Idempotency-Key": key } }, body: { workflow: name, version, input } }));
      await navigate({ to: "/workflows/$id", params: { id: made.id } });
    } catch (refusal) {
      setError(refusal);
      setBusy(false);
    }
  };
  const places = error instanceof ApiProblem ? new Map((error.errors ?? []).map((place) => [(place.pointer ?? "").slice(1).replaceAll("/", "."), place.message])) : new Map<string, string>();
  return (
    <Dialog title={`Start ${name} ${version}`} open onClose={onClose}>
      <form className="flex flex-col gap-4" noValidate onSubmit={(event) => {
        event.preventDefault();
        void go();
      }}>
        {fields.length > 0 && <Button small look="quiet" className="self-end" onClick={() => {
          if (!asJson) setRaw(JSON.stringify(filled.value, null, 2));
          setAsJson(!asJson);
        }}>{asJson ? "As a form" : "As JSON"}</Button>}
        {asJson ? (
          <label className="flex flex-col gap-1"><span className="text-sm text-muted">Input</span>
            <textarea className="field h-48 py-2 font-mono text-sm" spellCheck={false} aria-invalid={input === undefined} value={raw} onChange={(event) => setRaw(event.target.value)} />
            {input === undefined && <span className="text-sm text-failed">expected JSON</span>}
          </label>
        ) : fields.map((field) => (
          <FieldInput key={field.path} field={field} value={texts.get(field.path) ?? field.start} error={places.get(field.path) ?? (tried ? filled.errors.get(field.path) : undefined)} onChange={(value) => setTexts(new Map(texts).set(field.path, value))} />
        ))}
        {error !== undefined && <Failure error={error} />}
        <div className="flex justify-end gap-2"><Button onClick={onClose}>Back</Button><Button type="submit" look="main" disabled={busy}>Start</Button></div>
      </form>
    </Dialog>
  );
}

interface FieldInputProps {
  readonly field: Field;
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (value: string) => void;
}

function FieldInput({ field: { path, label, hint, kind, required, choices }, value, error, onChange }: FieldInputProps): JSX.Element {
  const shared = { "aria-invalid": error !== undefined, "aria-required": required, "aria-describedby": error === undefined ? undefined : `error-${path}`, value } as const;
  const nested = path.includes(".") ? <span className="text-faint"> {path.slice(0, path.lastIndexOf("."))}</span> : null;
  return (
    <label className="flex flex-col gap-1">
      <span className="text-sm text-muted">{label}{required && <span aria-hidden="true" className="text-failed"> *</span>}{nested}{hint !== "" && <span className="text-faint"> · {hint}</span>}</span>
      {kind === "boolean" || kind === "choice" ? (
        <Select  {...shared} onChange={(event) => onChange(event.target.value)}>
          <option value="">{required ? "choose" : "left out"}</option>
          {(kind === "boolean" ? ["true", "false"] : choices).map((choice) => <option key={choice}>{choice}</option>)}
        </Select>
      ) : kind === "json" ? (
        <textarea className="field h-20 py-1.5 font-mono text-sm" spellCheck={false} {...shared} onChange={(event) => onChange(event.target.value)} />
      ) : (
        <input className="field" inputMode={kind === "number" ? "decimal" : undefined} {...shared} onChange={(event) => onChange(event.target.value)} />
      )}
      {error !== undefined && <span id={`error-${path}`} className="text-sm text-failed">{error}</span>}
    </label>
  );
}
