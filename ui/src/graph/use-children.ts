import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import { definitionQuery, instanceQuery, versionQuery } from "../api/queries";
import { parseFlow, type Flow } from "../model/flow";
import { text } from "../model/json";
import { startersOf, withChildren } from "../model/nested";
import type { Child, StepState } from "../model/run/state";
import type { StepSnapshot } from "../model/run/rewrite";
import { isOpen } from "../model/status";

const EVERY = 1_000;

export interface Nested {
  /** The flow with the children in it that are open. */
  readonly flow: Flow;
  /** The steps of those that run, by the step that started them. */
  readonly steps: ReadonlyMap<string, readonly StepSnapshot[]>;
  /** Whom a step started. */
  readonly childOf: (step: string) => Child | undefined;
}

/** Draws the workflows that steps start in their place, where they are open; `stateOf` tells whom a step of a run started. */
export function useChildren(flow: Flow, open: ReadonlySet<string>, stateOf?: (step: string) => StepState | undefined): Nested {
  const starters = useMemo(() => startersOf(flow).filter((step) => open.has(step.id)), [flow, open]);
  const childOf = (step: string): Child | undefined => stateOf?.(step)?.child;
  const versions = useQueries({ queries: starters.map((step) => versionQuery(childOf(step.id)?.workflow ?? "", childOf(step.id)?.version ?? "")) });
  // Before anything runs it is the version that would be started.
  const defaults = useQueries({ queries: starters.map((step) => ({ ...definitionQuery(text(step.document, "workflow")), enabled: childOf(step.id) === undefined })) });
  const instances = useQueries({
    queries: starters.map((step) => {
      const id = childOf(step.id)?.id ?? "";
      return { ...instanceQuery(id), enabled: id !== "", refetchInterval: ({ state }: { readonly state: { readonly data?: { readonly status: string } | undefined } }) => (state.data !== undefined && !isOpen(state.data.status) ? (false as const) : EVERY) };
    }),
  });
  const read = [...versions, ...defaults].map(({ dataUpdatedAt }) => dataUpdatedAt).join();
  const whole = useMemo(() => {
    const found = starters.flatMap((step, index): [string, Flow][] => {
      const document = versions[index]?.data?.document ?? defaults[index]?.data?.document;
      return document === undefined ? [] : [[step.id, parseFlow(document)]];
    });
    return withChildren(flow, new Map(found));
  }, [flow, starters, read]); // eslint-disable-line react-hooks/exhaustive-deps -- the list is a new one each time; when its documents were read says whether they are
  const steps = new Map(starters.flatMap((step, index): [string, readonly StepSnapshot[]][] => {
    const data = instances[index]?.data;
    return data === undefined ? [] : [[step.id, data.steps]];
  }));
  return { flow: whole, steps, childOf };
}
