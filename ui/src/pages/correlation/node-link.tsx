import { Link } from "@tanstack/react-router";
import type { JSX, ReactNode } from "react";
import { placeOf, type Happening } from "../../model/genealogy";

interface NodeLinkProps {
  readonly node: Pick<Happening, "id" | "kind" | "name">;
  readonly className?: string;
  readonly children: ReactNode;
}

/** Leads to the page of what happened. */
export function NodeLink({ node: { id, kind, name }, className = "", children }: NodeLinkProps): JSX.Element {
  const look = `rounded ${className}`;
  if (kind === "event") return <Link to="/events" search={{ id }} className={look}>{children}</Link>;
  // A schedule is named by its workflow and its trigger, here with a slash between them.
  if (kind === "schedule") return <Link to="/schedules" search={{ name: name.replace("/", ".") }} className={look}>{children}</Link>;
  const { instance, step, lane } = placeOf(id);
  const search = { ...(step === "" ? {} : { step }), ...(lane === "" ? {} : { lane }) };
  return <Link to="/workflows/$id" params={{ id: instance }} search={search} className={look}>{children}</Link>;
}
