import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type JSX } from "react";
import { api, take, type Schemas } from "../../api/client";
import { logLevelsQuery } from "../../api/queries";
import { Button } from "../../kit/button";
import { Confirm } from "../../kit/confirm";
import { Failure } from "../../kit/notice";
import { Panel, Skeleton } from "../../kit/page";
import { Select } from "../../kit/select";

/** What each node logs, and a change of it. */
export function LogLevels(): JSX.Element {
  const { data, error } = useQuery(logLevelsQuery);
  const [asked, setAsked] = useState(false);
  const client = useQueryClient();
  const close = (acted: boolean): void => {
    setAsked(false);
    if (acted) void client.invalidateQueries({ queryKey: logLevelsQuery.queryKey });
  };
  const items = data?.items ?? [];
  return (
    <Panel title="Log levels" flush aside={items.length > 0 && <Button small onClick={() => setAsked(true)}>Change</Button>}>
      {error !== null && data === undefined ? <div className="p-4"><Failure error={error} /></div> : data === undefined ? <div className="p-4"><Skeleton lines={2} /></div> : (
        <ul>
          {items.map(({ node, levels, error: why }) => (
            <li key={node} className="flex flex-wrap items-baseline gap-x-4 border-b border-line px-4 py-2 last:border-b-0">
              <span className="min-w-24 font-medium">{node}</span>
              {levels != null && <code className="min-w-0 break-words">{levels}</code>}
              {why != null && <span className="text-sm text-failed">{why}</span>}
            </li>
          ))}
        </ul>
      )}
      {asked && <LevelsDialog items={items} onClose={close} />}
    </Panel>
  );
}

const PRESETS = [["info", "info: what is worth knowing"], ["warn", "warn: only what is odd"], ["debug", "debug: each step of each run"], ["info,runtime=debug", "debug, of the runtime alone"]] as const;
const OWN = "own";
const CONFIGURED = "";

interface LevelsDialogProps {
  readonly items: readonly Schemas["NodeLogLevels"][];
  readonly onClose: (acted: boolean) => void;
}

function LevelsDialog({ items, onClose }: LevelsDialogProps): JSX.Element {
  const now = items[0]?.levels ?? "info";
  const [preset, setPreset] = useState<string>(PRESETS.some(([value]) => value === now) ? now : OWN);
  const [own, setOwn] = useState(now);
  const [node, setNode] = useState("");
  const act = async (reason: string): Promise<void> => {
    const levels = preset === OWN ? own.trim() : preset;
    const body: Schemas["LogLevelsRequest"] = { reason, ...(levels === CONFIGURED ? {} : { levels }), ...(node === "" ? {} : { node }) };
    const { items: told } = await take(api.PUT("/api/v1/system/log-levels", { body }));
    const failed = told.filter(({ error }) => error != null);
    if (failed.length > 0) throw new Error(`Not changed: ${failed.map((each) => `${each.node} (${each.error ?? ""})`).join(", ")}. The others were.`);
  };
  return (
    <Confirm title="Change what is logged" verb="Change it" reasonLabel="Reason (for the record)" disabled={preset === OWN && own.trim() === ""} onClose={onClose} act={act}>
      <p className="mb-3">It holds at once, until a node is started again. <code>debug</code> of everything writes a line for each step: it costs time and disk.</p>
      <div className="grid gap-3 text-ink sm:grid-cols-2">
        <label className="flex min-w-0 flex-col gap-1"><span className="text-sm text-muted">Levels</span>
          <Select value={preset} onChange={(event) => setPreset(event.target.value)}>
            {PRESETS.map(([value, words]) => <option key={value} value={value}>{words}</option>)}
            <option value={OWN}>as written below</option>
            <option value={CONFIGURED}>what the node was started with</option>
          </Select>
        </label>
        {items.length > 1 && (
          <label className="flex min-w-0 flex-col gap-1"><span className="text-sm text-muted">Of</span>
            <Select value={node} onChange={(event) => setNode(event.target.value)}><option value="">all nodes</option>{items.map((each) => <option key={each.node}>{each.node}</option>)}</Select>
          </label>
        )}
        {preset === OWN && <label className="flex min-w-0 flex-col gap-1 sm:col-span-2"><span className="text-sm text-muted">A level, or levels by part</span><input className="field font-mono text-sm" spellCheck={false} placeholder="info,runtime::dispatch=debug" value={own} onChange={(event) => setOwn(event.target.value)} /></label>}
      </div>
    </Confirm>
  );
}
