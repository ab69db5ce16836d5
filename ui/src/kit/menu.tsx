import { useId, useLayoutEffect, useRef, useState, type JSX, type KeyboardEvent, type ToggleEvent } from "react";
import { buttonClass } from "./button";
import * as icons from "./icons";

export interface MenuItem {
  readonly name: string;
  /** What it does, in a few words. */
  readonly hint: string;
  readonly danger?: boolean;
  readonly onChoose: () => void;
}

interface MenuProps {
  readonly label: string;
  readonly items: readonly MenuItem[];
  readonly small?: boolean;
}

/** From the edge of the window, and from the button. */
const MARGIN = 12;
const GAP = 4;

/** What is seldom wanted, behind a button. The browser closes it when something else is wanted. */
export function Menu({ label, items, small = false }: MenuProps): JSX.Element {
  const id = useId();
  const trigger = useRef<HTMLButtonElement>(null);
  const popup = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const choices = (): HTMLElement[] => [...(popup.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
  const onToggle = ({ newState }: ToggleEvent): void => {
    setOpen(newState === "open");
    if (newState === "open") choices()[0]?.focus({ preventScroll: true });
  };
  // The page under it may move while it is read, as when what is above the button comes in.
  useLayoutEffect(() => {
    if (!open) return;
    let frame = 0;
    const follow = (): void => {
      if (trigger.current !== null && popup.current !== null) place(popup.current, trigger.current.getBoundingClientRect());
      frame = requestAnimationFrame(follow);
    };
    follow();
    return () => cancelAnimationFrame(frame);
  }, [open]);
  const onKey = (event: KeyboardEvent): void => {
    // Keys of the page are not meant while a choice is.
    event.stopPropagation();
    const all = choices();
    const at = all.findIndex((choice) => choice === document.activeElement);
    const next = { ArrowDown: (at + 1) % all.length, ArrowUp: (at - 1 + all.length) % all.length, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Tab") popup.current?.hidePopover();
    if (next === undefined) return;
    event.preventDefault();
    all[next]?.focus();
  };
  return (
    <>
      <button ref={trigger} type="button" className={buttonClass("plain", small)} aria-label={label} title={label} aria-haspopup="menu" aria-expanded={open} popoverTarget={id}><icons.More size={14} /></button>
      <div ref={popup} id={id} popover="auto" role="menu" aria-label={label} onToggle={onToggle} onKeyDown={onKey}
        className={`fixed inset-auto m-0 w-[min(340px,calc(100vw-24px))] rounded border border-line bg-raised p-1 text-ink shadow-float ${open ? "" : "opacity-0"}`}>
        {items.map(({ name, hint, danger = false, onChoose }) => (
          <button key={name} type="button" role="menuitem" tabIndex={-1} onClick={() => {
            popup.current?.hidePopover();
            onChoose();
          }} className="flex w-full flex-col rounded px-2 py-1.5 text-left hover:bg-hover focus:bg-selected">
            <span className={`font-medium ${danger ? "text-failed" : ""}`}>{name}</span>
            <span className="text-sm text-muted">{hint}</span>
          </button>
        ))}
      </div>
    </>
  );
}

/** Under the button, or above it where there is no room; always within the window. */
function place(popup: HTMLElement, button: DOMRect): void {
  const { offsetWidth: width, offsetHeight: height } = popup;
  const below = button.bottom + GAP;
  const fits = below + height + MARGIN <= window.innerHeight;
  popup.style.left = `${String(Math.max(MARGIN, Math.min(button.right - width, window.innerWidth - width - MARGIN)))}px`;
  popup.style.top = `${String(fits ? below : Math.max(MARGIN, button.top - height - GAP))}px`;
}
