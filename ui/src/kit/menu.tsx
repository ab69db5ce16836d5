import { Menu as Base } from "@base-ui/react/menu";
import type { JSX } from "react";
import { buttonClass } from "./button";
import * as icons from "./icons";

export interface MenuItem {
  readonly name: string;
  /** What it does, in a few words. */
  readonly hint: string;
  readonly danger?: boolean;
  readonly onChoose: () => void;
}

/** What is seldom wanted, behind a button. */
export function Menu({ label, items, small = false }: { readonly label: string; readonly items: readonly MenuItem[]; readonly small?: boolean }): JSX.Element {
  return (
    <Base.Root modal={false}>
      <Base.Trigger className={buttonClass("plain", small)} aria-label={label} title={label}><icons.More size={14} /></Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={4} align="end" className="z-30 outline-none">
          <Base.Popup className="w-[min(340px,calc(100vw-24px))] rounded border border-line bg-raised p-1 shadow-float outline-none">
            {items.map(({ name, hint, danger = false, onChoose }) => (
              <Base.Item key={name} onClick={onChoose} className="flex cursor-pointer flex-col rounded px-2 py-1.5 outline-none data-highlighted:bg-selected">
                <span className={`font-medium ${danger ? "text-failed" : ""}`}>{name}</span>
                <span className="text-sm text-muted">{hint}</span>
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
