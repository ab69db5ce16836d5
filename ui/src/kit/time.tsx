import type { JSX } from "react";
import { duration, span, utc, when } from "../model/time";
import { useNow } from "./clock";

/** A moment: relative within the hour, the exact one in UTC on hover. */
export function Moment({ at }: { readonly at: string | number }): JSX.Element {
  const now = useNow();
  const ms = typeof at === "number" ? at : Date.parse(at);
  return <time dateTime={new Date(ms).toISOString()} title={utc(ms)} className="whitespace-nowrap">{when(ms, now)}</time>;
}

/** How long something took, or takes until now. */
export function Took({ from, to }: { readonly from: string | number; readonly to?: string | number | null | undefined }): JSX.Element {
  const begun = typeof from === "number" ? from : Date.parse(from);
  if (to !== undefined && to !== null && to !== 0) {
    return <span className="figures whitespace-nowrap">{duration((typeof to === "number" ? to : Date.parse(to)) - begun)}</span>;
  }
  return <Going from={begun} />;
}

function Going({ from }: { readonly from: number }): JSX.Element {
  return <span className="figures whitespace-nowrap">{span(useNow() - from)}</span>;
}
