import { Link, type ErrorComponentProps } from "@tanstack/react-router";
import type { JSX } from "react";
import { Button } from "../kit/button";
import { Empty } from "../kit/empty";
import { Failure } from "../kit/notice";

export function MissingPage(): JSX.Element {
  return (
    <Empty title="There is no such page">
      The address may be misspelt. <Link to="/" className="text-accent-text underline">Go to the overview</Link>.
    </Empty>
  );
}

/** A mistake of ours: the page says so and can be begun anew. */
export function CrashPage({ error, reset }: ErrorComponentProps): JSX.Element {
  return (
    <div className="mx-auto flex max-w-[640px] flex-col gap-4 p-6">
      <h1 className="text-xl font-semibold">This page failed</h1>
      <Failure error={error} />
      <p className="break-words text-muted">{error instanceof Error ? error.message : String(error)}</p>
      <div><Button onClick={reset}>Begin anew</Button></div>
    </div>
  );
}
