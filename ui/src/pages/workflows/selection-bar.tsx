import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import { Button, buttonClass } from "../../kit/button";
import { Menu } from "../../kit/menu";
import { exact } from "../../model/time";
import type { ManyVerb } from "./many";

interface SelectionBarProps {
  /** How many are selected, where that is known. */
  readonly count: number | undefined;
  /** Whether it is all that the filter lets through. */
  readonly isAll: boolean;
  readonly total: number | undefined;
  readonly onAll: () => void;
  readonly onClear: () => void;
  readonly onAsk: (verb: ManyVerb) => void;
  /** The two that are selected, where it is two. */
  readonly pair: readonly [string, string] | undefined;
}

/** What can be done to those that are selected. */
export function SelectionBar({ count, isAll, total, onAll, onClear, onAsk, pair }: SelectionBarProps): JSX.Element {
  return (
    <div className="flex flex-wrap items-center gap-2 rounded border border-accent bg-selected px-3 py-1.5" role="group" aria-label="Selection">
      <span className="font-medium">{isAll ? "All " : ""}{count === undefined ? "" : exact(count)} selected</span>
      <span className="flex-1" />
      {!isAll && total !== undefined && count !== undefined && total > count && <Button small look="quiet" onClick={onAll}>Select all {exact(total)} that match</Button>}
      {pair !== undefined && <Link to="/compare" search={{ left: pair[0], right: pair[1] }} className={buttonClass("plain", true)}>Compare them</Link>}
      <Button small onClick={() => onAsk("retry")}>Retry them</Button>
      <Button small onClick={() => onAsk("pause")}>Pause them</Button>
      <Button small onClick={() => onAsk("resume")}>Resume them</Button>
      <Button small look="danger" onClick={() => onAsk("cancel")}>Cancel them</Button>
      <Menu label="More for them" small items={[
        { name: "Replay them", hint: "Of each a new run with the same input", onChoose: () => onAsk("replay") },
        { name: "Delete them", hint: "Those that have ended are forgotten", danger: true, onChoose: () => onAsk("delete") },
      ]} />
      <Button small look="quiet" onClick={onClear}>Clear</Button>
    </div>
  );
}
