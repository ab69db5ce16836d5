import type { JSX, SelectHTMLAttributes } from "react";
import * as icons from "./icons";

/** The browser's own choice, in the look of the other fields. */
export function Select({ className = "", ...rest }: SelectHTMLAttributes<HTMLSelectElement>): JSX.Element {
  return (
    <span className={`relative inline-flex ${className}`}>
      <select className="field appearance-none truncate pr-8" {...rest} />
      <icons.Down size={14} className="pointer-events-none absolute top-[9px] right-2.5 text-faint" />
    </span>
  );
}
