import { useQueryClient } from "@tanstack/react-query";
import { useState, type JSX } from "react";
import { api, take, type Schemas } from "../../api/client";
import { adaptersQuery } from "../../api/queries";
import { Confirm } from "../../kit/confirm";
import { Select } from "../../kit/select";

interface LimitsDialogProps {
  readonly adapter: Schemas["Adapter"];
  readonly onClose: () => void;
}

const SPANS = [["15m", "15 minutes"], ["1h", "an hour"], ["8h", "8 hours"], ["24h", "a day"]] as const;

/** Other limits for a while; what the document says holds again afterwards. */
export function LimitsDialog({ adapter: { name, status }, onClose }: LimitsDialogProps): JSX.Element {
  const [concurrency, setConcurrency] = useState(status.concurrency == null ? "" : String(status.concurrency));
  const [rate, setRate] = useState(status.rate ?? "");
  const [span, setSpan] = useState<string>("1h");
  const client = useQueryClient();
  const none = concurrency.trim() === "" && rate.trim() === "";
  const wrong = concurrency.trim() !== "" && !/^[1-9]\d*$/.test(concurrency.trim());
  const act = async (reason: string): Promise<void> => {
    const body: Schemas["OverrideRequest"] = {
      reason,
      ...(none ? {} : { expires_in: span }),
      ...(concurrency.trim() === "" ? {} : { concurrency: Number(concurrency) }),
      ...(rate.trim() === "" ? {} : { rate: rate.trim() }),
    };
    await take(api.PATCH("/api/v1/adapters/{name}", { params: { path: { name } }, body }));
    await client.invalidateQueries({ queryKey: adaptersQuery.queryKey });
  };
  return (
    <Confirm title={`Limits of ${name}`} verb={none ? "As the document says" : "Set them"} disabled={wrong} onClose={onClose} act={act}>
      <p className="mb-3">They hold on all nodes at once and end by themselves. With both left empty those of the document hold again.</p>
      <div className="grid gap-3 text-ink sm:grid-cols-3">
        <label className="flex flex-col gap-1"><span className="text-sm text-muted">Calls at once</span><input className="field" inputMode="numeric" aria-invalid={wrong} placeholder="as it is" value={concurrency} onChange={(event) => setConcurrency(event.target.value)} /></label>
        <label className="flex flex-col gap-1"><span className="text-sm text-muted">Rate</span><input className="field" placeholder="20/s" value={rate} onChange={(event) => setRate(event.target.value)} /></label>
        <label className="flex flex-col gap-1"><span className="text-sm text-muted">For</span><Select disabled={none} value={span} onChange={(event) => setSpan(event.target.value)}>{SPANS.map(([value, words]) => <option key={value} value={value}>{words}</option>)}</Select></label>
      </div>
    </Confirm>
  );
}
