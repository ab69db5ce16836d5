import { useEffect, useState, type JSX } from "react";
import * as icons from "./icons";

/** Copies a text; says so for a moment. */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }): JSX.Element {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1_500);
    return () => clearTimeout(timer);
  }, [copied]);
  const label = copied ? "Copied" : `Copy ${what}`;
  return (
    <button type="button" aria-label={label} title={label} onClick={(event) => {
      event.preventDefault();
      event.stopPropagation();
      void navigator.clipboard.writeText(text).then(() => setCopied(true));
    }} className={`inline-flex size-6 shrink-0 items-center justify-center rounded hover:bg-hover ${copied ? "text-completed" : "text-faint hover:text-ink"}`}>
      {copied ? <icons.Check size={14} /> : <icons.Copy size={14} />}
    </button>
  );
}

/** An id that leads somewhere, and can be copied. */
export function LinkedId({ id, what, children }: { readonly id: string; readonly what: string; readonly children: JSX.Element }): JSX.Element {
  return <span className="inline-flex items-center gap-0.5">{children}<CopyButton text={id} what={what} /></span>;
}

/** An id, shortened in the middle, whole on hover. */
export function ShortId({ id }: { readonly id: string }): JSX.Element {
  const shown = id.length > 14 ? `${id.slice(0, 4)}…${id.slice(-6)}` : id;
  return <code title={id} className="whitespace-nowrap">{shown}</code>;
}
