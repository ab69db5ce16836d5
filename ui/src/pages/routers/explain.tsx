import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState, type JSX } from "react";
import type { Schemas } from "../../api/client";
import { eventQuery, explainRouting, type Event } from "../../api/events";
import { Button } from "../../kit/button";
import * as icons from "../../kit/icons";
import { ShortId } from "../../kit/id";
import { Failure } from "../../kit/notice";
import { Skeleton } from "../../kit/page";
import { isObject, parsed, type JsonObject } from "../../model/json";
import { cut, sampleOf, type Attributes } from "../../model/router";

interface ExplainProps {
  readonly router: string;
  /** The id of the event that is asked about. */
  readonly event: string | undefined;
}

/** What a router makes of an event: which rule holds, and why the others do not. */
export function Explain({ router, event }: ExplainProps): JSX.Element {
  const { data, error } = useQuery({ ...eventQuery(event ?? ""), enabled: event !== undefined });
  if (error !== null) return <Failure error={error} />;
  if (event !== undefined && data === undefined) return <Skeleton lines={6} />;
  return <Form router={router} event={data} />;
}

const EXAMPLE = { data: '{\n  "amount": 12000,\n  "region": "EU"\n}', type: "order.placed", source: "/shop", subject: "" } as const;

const FIELDS: readonly (readonly [keyof Attributes, string])[] = [["type", "Type"], ["source", "Source"], ["subject", "Subject"]];

function Form({ router, event }: { readonly router: string; readonly event: Event | undefined }): JSX.Element {
  const [data, setData] = useState(event === undefined ? EXAMPLE.data : JSON.stringify(event.data, null, 2));
  const [fields, setFields] = useState<Attributes>(event === undefined ? EXAMPLE : { type: event.type, source: event.source, subject: event.subject ?? "" });
  const [answer, setAnswer] = useState<Schemas["RoutingExplanation"]>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const value = parsed(data);
  const meta: JsonObject = isObject(event?.meta) ? event.meta : {};
  const ask = async (): Promise<void> => {
    if (value === undefined) return;
    setBusy(true);
    setError(undefined);
    const { type, source, subject } = fields;
    const sample = sampleOf(value, { type, source, subject }, meta);
    try {
      setAnswer(await explainRouting(router, sample.event, sample.meta));
    } catch (refusal) {
      setError(refusal);
    }
    setBusy(false);
  };
  // What happened is asked about at once.
  useEffect(() => {
    if (event === undefined) return;
    let gone = false;
    explainRouting(router, event.data, event.meta).then((told) => (gone ? undefined : setAnswer(told)), (refusal: unknown) => (gone ? undefined : setError(refusal)));
    return () => {
      gone = true;
    };
  }, [router, event]);
  return (
    <div className="grid gap-5 xl:grid-cols-[minmax(260px,2fr)_3fr]">
      <form className="flex flex-col gap-3" noValidate onSubmit={(submitted) => {
        submitted.preventDefault();
        void ask();
      }}>
        {event !== undefined && <p className="text-muted">As event <Link to="/events" search={{ id: event.id }} className="rounded text-accent-text underline"><ShortId id={event.id} /></Link> was; how adapters stand, as they do now.</p>}
        <label className="flex flex-col gap-1">
          <span className="text-sm text-muted">Event<span className="text-faint"> · its data, or the whole CloudEvent</span></span>
          <textarea className="field h-48 py-2 font-mono text-sm" spellCheck={false} aria-invalid={value === undefined} value={data} onChange={(change) => {
            setData(change.target.value);
            setAnswer(undefined);
          }} />
          {value === undefined && <span className="text-sm text-failed">expected JSON</span>}
        </label>
        <div className="grid grid-cols-2 gap-2">
          {FIELDS.map(([name, label]) => (
            <label key={name} className={`flex min-w-0 flex-col gap-1 ${name === "type" ? "col-span-2" : ""}`}><span className="text-sm text-muted">{label}</span>
              <input className="field" value={fields[name]} onChange={(change) => {
                setFields({ ...fields, [name]: change.target.value });
                setAnswer(undefined);
              }} />
            </label>
          ))}
        </div>
        <div className="flex items-center gap-3"><Button type="submit" look="main" disabled={busy || value === undefined}>Explain</Button><span className="text-sm text-faint">Nothing is taken, nothing is started.</span></div>
      </form>
      <div className="flex min-w-0 flex-col gap-4" aria-live="polite">
        {error !== undefined && <Failure error={error} />}
        {answer?.routers.map((each, index) => <Explanation key={`${each.router}/${String(index)}`} explanation={each} isFirst={index === 0} />)}
        {answer === undefined && error === undefined && <p className="text-muted">Paste an event: here stands which rule would take it, and of every other one which part of its condition is why not.</p>}
      </div>
    </div>
  );
}

function Explanation({ explanation: { router, match, rules }, isFirst }: { readonly explanation: Schemas["RouterExplanation"]; readonly isFirst: boolean }): JSX.Element {
  const decided = rules.filter(({ decides }) => decides);
  return (
    <section className="flex flex-col gap-2">
      <h3 className="font-semibold">{isFirst ? router : `Leads on to ${router}`}</h3>
      <p className="text-muted">
        {match != null && match.says !== "holds" ? <>It is not offered this event: its <code>match</code> {WORDS[match.says] ?? match.says}{match.part != null && <> at <code className="rounded-sm bg-sunken px-1 break-words">{match.part}</code></>}{match.message != null && `: ${match.message}`}.</>
          : decided.length === 0 ? "No rule takes it: it goes nowhere."
          : <>It goes to <b className="font-medium text-ink">{decided.map(({ destination }) => destination ?? "nowhere").join(", ")}</b>, by {decided.length === 1 ? "the rule" : "the rules"} {decided.map(({ rule }) => rule).join(", ")}.</>}
      </p>
      <ol className="overflow-hidden rounded border border-line">{rules.map((rule) => <RuleRow key={rule.rule} rule={rule} />)}</ol>
    </section>
  );
}

const WORDS: Readonly<Record<string, string>> = { holds: "holds", false: "does not hold", missing: "names a field that there is not", error: "fails" };

const LOOKS: Readonly<Record<string, readonly [typeof icons.Tick, string]>> = {
  holds: [icons.Tick, "text-completed"], false: [icons.Slash, "text-idle"], missing: [icons.Ring, "text-waiting"], error: [icons.Octagon, "text-failed"],
};

function RuleRow({ rule: { rule, condition, destination, verdict, decides } }: { readonly rule: Schemas["RuleExplanation"] }): JSX.Element {
  const [Icon, colour] = LOOKS[verdict.says] ?? [icons.Ring, "text-idle"];
  const [before, part, after] = cut(condition ?? "", verdict.part);
  return (
    <li className={`flex flex-col gap-1 border-b border-line px-3 py-2 last:border-b-0 ${decides ? "bg-selected" : ""}`}>
      <span className="flex flex-wrap items-center gap-x-2">
        <Icon size={14} className={colour} />
        <span className="font-medium">{rule}</span>
        <span className={`text-sm ${colour}`}>{rule === "default" && condition == null ? (decides ? "no other rule holds" : "another rule decides") : (WORDS[verdict.says] ?? verdict.says)}</span>
        <span className="flex-1" />
        {destination != null && <span className={decides ? "font-medium" : "text-sm text-faint"}>{decides && "→ "}{destination}</span>}
      </span>
      {condition != null && <code className="break-words text-muted">{before}{part !== "" && <mark className={`rounded-sm bg-transparent underline decoration-2 underline-offset-2 ${colour}`}>{part}</mark>}{after}</code>}
      {verdict.message != null && <span className="text-sm break-words text-muted">{verdict.message}</span>}
    </li>
  );
}
