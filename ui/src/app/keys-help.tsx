import type { JSX } from "react";
import { Dialog } from "../kit/dialog";
import { PLACES } from "./places";

const GROUPS: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  ["Everywhere", [["Ctrl K", "find anything"], ["?", "these keys"], ["[", "fold the rail"], ["Esc", "close what is open"]]],
  ["Go to", PLACES.map(({ keys, name }) => [keys, name] as const)],
  ["Lists", [["j / k", "down, up"], ["Enter", "open"], ["x", "select"], ["/", "search"], ["Esc", "clear the selection, close the panel"]]],
  ["One workflow", [["1 to 4", "graph, timeline, history, data"], ["← / →", "one record back, forward"], ["Home / End", "the first record, live"], ["y", "replay it"], ["r", "retry it, when it failed"], ["p", "pause, resume"], ["s", "send a signal"], ["c", "cancel it"]]],
  ["Decisions", [["j / k", "next, previous"], ["a", "approve"], ["n", "reject"], ["r", "retry"], ["s", "skip"], ["f", "give up"], ["x", "select"]]],
];

export function KeysHelp({ onClose }: { readonly onClose: () => void }): JSX.Element {
  return (
    <Dialog title="Keys" open onClose={onClose} wide>
      <div className="gap-x-8 sm:columns-2">
        {GROUPS.map(([title, keys]) => (
          <section key={title} className="mb-5 break-inside-avoid">
            <h3 className="mb-1.5 font-semibold">{title}</h3>
            <dl className="grid grid-cols-[104px_1fr] gap-y-1">
              {keys.map(([key, what]) => (
                <div key={key} className="contents"><dt><kbd className="rounded-sm border border-line-strong bg-sunken px-1.5 py-0.5">{key}</kbd></dt><dd className="text-muted">{what}</dd></div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
