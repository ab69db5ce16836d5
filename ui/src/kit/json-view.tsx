import { useState, type JSX } from "react";
import { isObject, type Json } from "../model/json";
import * as icons from "./icons";
import { CopyButton } from "./id";

/** More members than anybody reads at once; the rest is shown on demand. */
const PORTION = 100;
const OPEN_DEPTH = 2;

/** A JSON value as a tree to open and to copy; whatever it holds is shown as text. */
export function JsonView({ value, label }: { readonly value: Json; readonly label: string }): JSX.Element {
  return (
    <div className="relative rounded border border-line bg-sunken">
      <div className="absolute top-1 right-1"><CopyButton text={JSON.stringify(value, null, 2)} what={label} /></div>
      <div className="overflow-x-auto p-2 pr-8 font-mono text-sm leading-[18px]" role="group" aria-label={label} tabIndex={0}>
        <Node value={value} depth={0} comma={false} />
      </div>
    </div>
  );
}

interface NodeProps {
  readonly name?: string;
  readonly value: Json;
  readonly depth: number;
  readonly comma: boolean;
}

function Node({ name, value, depth, comma }: NodeProps): JSX.Element {
  const [open, setOpen] = useState(depth < OPEN_DEPTH);
  const [shown, setShown] = useState(PORTION);
  const key = name === undefined ? null : <><span className="text-accent-text">{JSON.stringify(name)}</span>: </>;
  const tail = comma ? "," : "";
  if (!isObject(value) && !Array.isArray(value)) {
    return <div className="pl-4 break-words whitespace-pre-wrap">{key}<Scalar value={value} />{tail}</div>;
  }
  const members: [string | undefined, Json][] = Array.isArray(value) ? value.map((item) => [undefined, item]) : Object.entries(value);
  const [left, right] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  if (members.length === 0) return <div className="pl-4">{key}{left}{right}{tail}</div>;
  return (
    <div>
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} className="flex w-full items-start gap-0 rounded text-left hover:bg-hover">
        <icons.Right size={12} className={`mt-[3px] mr-1 text-faint ${open ? "rotate-90" : ""}`} />
        <span className="whitespace-nowrap">{key}{left}{!open && <span className="text-faint"> {members.length} {members.length === 1 ? "item" : "items"} {right}{tail}</span>}</span>
      </button>
      {open && (
        <div className="ml-[5px] border-l border-line pl-2">
          {members.slice(0, shown).map(([inner, item], index) => (
            <Node key={inner ?? index} {...(inner === undefined ? {} : { name: inner })} value={item} depth={depth + 1} comma={index < members.length - 1} />
          ))}
          {members.length > shown && (
            <button type="button" className="pl-4 text-accent-text underline" onClick={() => setShown(shown + PORTION)}>{members.length - shown} more</button>
          )}
        </div>
      )}
      {open && <div className="pl-4">{right}{tail}</div>}
    </div>
  );
}

function Scalar({ value }: { readonly value: null | boolean | number | string }): JSX.Element {
  if (typeof value === "string") return <span className="text-completed">{JSON.stringify(value)}</span>;
  return <span className={value === null ? "text-faint" : "text-waiting"}>{String(value)}</span>;
}
