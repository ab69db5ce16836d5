import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import { attemptsQuery, instanceQuery } from "../../api/queries";
import { Button, buttonClass } from "../../kit/button";
import * as icons from "../../kit/icons";
import { Menu } from "../../kit/menu";
import { exact } from "../../model/time";
import type { ManyVerb } from "../workflows/many";
import { FAILED, type FailureGroup } from "./failures";
import { GroupRow } from "./group-row";

interface FailureRowProps {
  readonly group: FailureGroup;
  readonly range: string;
  readonly onAsk: (verb: ManyVerb) => void;
}

/** Failed runs that are alike; step and target are those of the newest. */
export function FailureRow({ group, range, onAsk }: FailureRowProps): JSX.Element {
  const { count, sample, workflow, errorType } = group;
  const path = useQuery({ ...instanceQuery(sample), staleTime: Number.POSITIVE_INFINITY }).data?.error?.step ?? "";
  const step = path.split("/").at(-1) ?? "";
  const attempts = useQuery({ ...attemptsQuery(sample, step), enabled: step !== "", staleTime: Number.POSITIVE_INFINITY }).data?.items;
  const target = attempts?.findLast((attempt) => attempt.error != null)?.target ?? "";
  return (
    <GroupRow group={group} count={count} name={workflow} at={[path, target].filter((part) => part !== "").join(", target ")} icon={<icons.Cross className="text-failed" />}>
      <Link to="/workflows/$id" params={{ id: sample }} search={step === "" ? {} : { step }} className={buttonClass("quiet", true)}>Newest</Link>
      <Link to="/workflows" search={{ status: FAILED, workflow, q: errorType, created_after: range }} className={buttonClass("quiet", true)}>Show</Link>
      <Button small look="main" title="Each goes on from the step that failed" onClick={() => onAsk("retry")}>Retry {exact(count)}</Button>
      <Menu label={`More for ${exact(count)} of ${workflow}`} small items={[
        { name: `Replay ${exact(count)}`, hint: "Of each a new run with the same input", onChoose: () => onAsk("replay") },
        { name: `Delete ${exact(count)}`, hint: "Forget them, with their history and data", danger: true, onChoose: () => onAsk("delete") },
      ]} />
    </GroupRow>
  );
}
