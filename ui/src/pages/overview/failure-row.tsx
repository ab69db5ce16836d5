import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import { Button, buttonClass } from "../../kit/button";
import * as icons from "../../kit/icons";
import { Menu } from "../../kit/menu";
import { exact } from "../../model/time";
import type { ManyVerb } from "../workflows/many";
import { FAILED, type FailureGroup } from "./failures";
import { GroupRow } from "./group-row";

interface FailureRowProps {
  readonly group: FailureGroup;
  readonly onAsk: (verb: ManyVerb) => void;
}

/** Failed runs that are alike. */
export function FailureRow({ group, onAsk }: FailureRowProps): JSX.Element {
  const { count, sample, workflow, step, target, errorType } = group;
  return (
    <GroupRow group={group} count={count} name={workflow} at={[step, target].filter((part) => part !== "").join(", target ")} icon={<icons.Cross className="text-failed" />}>
      {sample !== undefined && <Link to="/workflows/$id" params={{ id: sample }} search={step === "" ? {} : { step }} className={buttonClass("quiet", true)}>Newest</Link>}
      <Link to="/workflows" search={{ status: FAILED, workflow, q: errorType }} className={buttonClass("quiet", true)}>Show</Link>
      <Button small look="main" title="Each goes on from the step that failed" onClick={() => onAsk("retry")}>Retry {exact(count)}</Button>
      <Menu label={`More for ${exact(count)} of ${workflow}`} small items={[
        { name: `Replay ${exact(count)}`, hint: "Of each a new run with the same input", onChoose: () => onAsk("replay") },
        { name: `Delete ${exact(count)}`, hint: "Forget them, with their history and data", danger: true, onChoose: () => onAsk("delete") },
      ]} />
    </GroupRow>
  );
}
