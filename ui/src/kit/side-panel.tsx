import type { JSX, ReactNode } from "react";
import { IconButton } from "./button";
import { Dialog } from "./dialog";
import * as icons from "./icons";
import { useNarrow } from "./narrow";

interface SidePanelProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** What was selected, beside the page; on a phone a sheet from below. */
export function SidePanel({ title, onClose, children }: SidePanelProps): JSX.Element {
  if (useNarrow()) return <Dialog title={title} open onClose={onClose}>{children}</Dialog>;
  return (
    <aside aria-label={title} className="flex w-[380px] shrink-0 flex-col border-l border-line bg-raised xl:w-[420px]">
      <header className="flex h-11 shrink-0 items-center gap-2 border-b border-line pr-2 pl-4">
        <h2 className="min-w-0 flex-1 truncate font-semibold">{title}</h2>
        <IconButton label="Close" onClick={onClose}><icons.Close /></IconButton>
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto p-4" tabIndex={0} role="region" aria-label={`About ${title}`}>{children}</div>
    </aside>
  );
}
