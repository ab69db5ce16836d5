import type { JSX, KeyboardEvent } from "react";

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
  return (
    <div role="tablist" aria-label={label} onKeyDown={onKey} className="flex gap-1 overflow-x-auto">
      {tabs.map(({ id, name, count }) => (
        <button key={id} type="button" role="tab" aria-selected={id === current} tabIndex={id === current ? 0 : -1} onClick={() => onChange(id)}
          className={`h-8 rounded px-3 font-medium whitespace-nowrap ${id === current ? "bg-selected text-accent-text" : "text-muted hover:bg-hover hover:text-ink"}`}>
          {name}{count !== undefined && <span className="ml-1.5 text-sm text-faint">{count}</span>}
        </button>
      ))}
    </div>
  );
}
