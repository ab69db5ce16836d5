import { useEffect, useRef, type JSX, type KeyboardEvent } from "react";

interface TabsProps<T extends string> {
  readonly label: string;
  readonly tabs: readonly { readonly id: T; readonly name: string; readonly count?: string }[];
  readonly current: T;
  readonly onChange: (id: T) => void;
}

/** Tabs as a keyboard expects them: one stop, arrows move. */
export function Tabs<T extends string>({ label, tabs, current, onChange }: TabsProps<T>): JSX.Element {
  const onKey = (event: KeyboardEvent<HTMLDivElement>): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const next = (tabs.findIndex((tab) => tab.id === current) + step + tabs.length) % tabs.length;
    const tab = tabs[next];
    if (tab === undefined) return;
    onChange(tab.id);
    (event.currentTarget.children[next] as HTMLElement).focus();
  };
  const list = useRef<HTMLDivElement>(null);
  // Where there is no room for all of them, the one that is shown is.
  useEffect(() => {
    const [row, tab] = [list.current, list.current?.querySelector<HTMLElement>("[aria-selected=true]")];
    if (row !== null && tab != null && tab.offsetLeft + tab.offsetWidth > row.scrollLeft + row.clientWidth) row.scrollLeft = tab.offsetLeft + tab.offsetWidth - row.clientWidth;
  }, [current]);
  return (
    <div ref={list} role="tablist" aria-label={label} onKeyDown={onKey} className="relative flex gap-1 overflow-x-auto">
      {tabs.map(({ id, name, count }) => (
        <button key={id} type="button" role="tab" aria-selected={id === current} tabIndex={id === current ? 0 : -1} onClick={() => onChange(id)}
          className={`h-8 rounded px-3 font-medium whitespace-nowrap ${id === current ? "bg-selected text-accent-text" : "text-muted hover:bg-hover hover:text-ink"}`}>
          {name}{count !== undefined && <span className="ml-1.5 text-sm text-faint">{count}</span>}
        </button>
      ))}
    </div>
  );
}
