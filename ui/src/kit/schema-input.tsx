import { useMemo, useState, type JSX } from "react";
import { isObject, parsed, type Json } from "../model/json";
import { fieldsOf, fill, textsOf, type Field } from "../model/schema-form";
import { Button } from "./button";
import { Select } from "./select";

interface SchemaInputProps {
  /** What the value must fit; null: anything. */
  readonly schema: Json;
  /** What it begins with. What the form does not show of it stays. */
  readonly start: Json;
  readonly label: string;
  /** What the server said of places, by path. */
  readonly errors?: ReadonlyMap<string, string>;
  /** Whether what is missing is to be told. */
  readonly tried: boolean;
  /** The value; undefined while it is none. */
  readonly onChange: (value: Json | undefined) => void;
}

/** A value by the form of its schema, or as JSON. */
export function SchemaInput({ schema, start, label, errors = new Map(), tried, onChange }: SchemaInputProps): JSX.Element {
  const fields = useMemo(() => fieldsOf(schema), [schema]);
  const base = isObject(start) ? start : {};
  const [texts, setTexts] = useState<ReadonlyMap<string, string>>(() => textsOf(fields, start));
  const [raw, setRaw] = useState(() => JSON.stringify(start, null, 2));
  const [asJson, setAsJson] = useState(fields.length === 0);
  const filled = fill(fields, texts, base);
  const write = (path: string, text: string): void => {
    const next = new Map(texts).set(path, text);
    const { value, errors: wrong } = fill(fields, next, base);
    setTexts(next);
    onChange(wrong.size > 0 ? undefined : value);
  };
  const writeRaw = (text: string): void => {
    setRaw(text);
    onChange(parsed(text));
  };
  const turn = (): void => {
    if (asJson) setTexts(textsOf(fields, parsed(raw) ?? start));
    else setRaw(JSON.stringify(filled.value, null, 2));
    setAsJson(!asJson);
  };
  return (
    <div className="flex flex-col gap-4 text-ink">
      {fields.length > 0 && <Button small look="quiet" className="self-end" onClick={turn}>{asJson ? "As a form" : "As JSON"}</Button>}
      {asJson ? (
        <label className="flex flex-col gap-1"><span className="text-sm text-muted">{label}</span>
          <textarea className="field h-48 py-2 font-mono text-sm" spellCheck={false} aria-invalid={parsed(raw) === undefined} value={raw} onChange={(event) => writeRaw(event.target.value)} />
          {parsed(raw) === undefined && <span className="text-sm text-failed">expected JSON</span>}
        </label>
      ) : fields.map((field) => (
        <FieldInput key={field.path} field={field} value={texts.get(field.path) ?? ""} error={errors.get(field.path) ?? (tried ? filled.errors.get(field.path) : undefined)} onChange={(text) => write(field.path, text)} />
      ))}
    </div>
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
