import { useNavigate } from "@tanstack/react-router";
import { useState, type JSX } from "react";
import { api, take, type Schemas } from "../../api/client";
import { ApiProblem } from "../../api/problem";
import { useRequestKeys } from "../../api/request-key";
import { Button } from "../../kit/button";
import { Dialog } from "../../kit/dialog";
import { Failure } from "../../kit/notice";
import { SchemaInput } from "../../kit/schema-input";
import { member, type Json } from "../../model/json";
import { firstValue } from "../../model/schema-form";

interface StartDialogProps {
  readonly definition: Schemas["DefinitionVersion"];
  readonly onClose: () => void;
}

/** Starts an instance; the form is made from the schema of the input. */
export function StartDialog({ definition: { name, version, document }, onClose }: StartDialogProps): JSX.Element {
  const schema = member(member(document, "input"), "schema");
  const [input, setInput] = useState<Json | undefined>(() => firstValue(schema, {}));
  const [error, setError] = useState<unknown>();
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const keyOf = useRequestKeys();
  const navigate = useNavigate();
  const go = async (): Promise<void> => {
    setTried(true);
    if (input === undefined) return;
    setBusy(true);
    try {
      const made = await take(api.POST("/api/v1/workflows", { params: { header: { "Idempotency-Key": keyOf(input) } }, body: { workflow: name, version, input } }));
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
        <SchemaInput schema={schema} start={{}} label="Input" errors={places} tried={tried} onChange={setInput} />
        {error !== undefined && <Failure error={error} />}
        <div className="flex justify-end gap-2"><Button onClick={onClose}>Back</Button><Button type="submit" look="main" disabled={busy}>Start</Button></div>
      </form>
    </Dialog>
  );
}
