import { Link } from "@tanstack/react-router";
import type { JSX, ReactNode } from "react";
import { LinkedId, ShortId } from "./id";

interface RunLinkProps {
  readonly id: string;
  /** The step to look at. */
  readonly step?: string;
  /** What stands before its id. */
  readonly children?: ReactNode;
  readonly className?: string;
}

/** Leads to a run; its id can be copied. */
export function RunLink({ id, step, children, className = "text-accent-text underline" }: RunLinkProps): JSX.Element {
  return (
    <LinkedId id={id} what="the workflow's id">
      <Link to="/workflows/$id" params={{ id }} search={step === undefined ? {} : { step }} className={`rounded ${className}`}>{children !== undefined && <>{children} </>}<ShortId id={id} /></Link>
    </LinkedId>
  );
}
