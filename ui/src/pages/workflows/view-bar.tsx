import { useState, type JSX } from "react";
import { Button } from "../../kit/button";
import { Dialog } from "../../kit/dialog";
import * as icons from "../../kit/icons";
import type { Filters } from "./filters";
import { BUILT_IN, isSame, readViews, writeViews, type SavedView } from "./saved-views";

interface ViewBarProps {
  readonly filters: Filters;
  readonly onChoose: (filters: Filters) => void;
}

/** Filters by name: those that everybody needs, and one's own. */
export function ViewBar({ filters, onChoose }: ViewBarProps): JSX.Element {
  const [views, setViews] = useState(() => readViews(window.localStorage));
  const [naming, setNaming] = useState(false);
  const keep = (next: readonly SavedView[]): void => {
    writeViews(window.localStorage, next);
    setViews([...next]);
  };
  const all = [...BUILT_IN, ...views];
  const current = all.find((view) => isSame(view.filters, filters));
  return (
    <div className="flex items-center gap-1 overflow-x-auto" role="group" aria-label="Views">
      {all.map((view) => (
        <span key={view.name} className={`inline-flex h-8 items-center rounded ${view === current ? "bg-selected text-accent-text" : "text-muted hover:bg-hover hover:text-ink"}`}>
          <button type="button" aria-pressed={view === current} onClick={() => onChoose(view.filters)} className="h-8 px-3 font-medium whitespace-nowrap">{view.name}</button>
          {view === current && views.includes(view) && (
            <button type="button" aria-label={`Remove the view ${view.name}`} onClick={() => keep(views.filter((each) => each !== view))} className="mr-1 inline-flex size-6 items-center justify-center rounded hover:bg-hover"><icons.Close size={12} /></button>
          )}
        </span>
      ))}
      {current === undefined && <Button look="quiet" onClick={() => setNaming(true)}><icons.Plus size={14} />Save view</Button>}
      {naming && <NameView taken={all.map((view) => view.name)} onClose={() => setNaming(false)} onName={(name) => keep([...views, { name, filters }])} />}
    </div>
  );
}

interface NameViewProps {
  readonly taken: readonly string[];
  readonly onClose: () => void;
  readonly onName: (name: string) => void;
}

function NameView({ taken, onClose, onName }: NameViewProps): JSX.Element {
  const [name, setName] = useState("");
  const wrong = name.trim() === "" || taken.includes(name.trim());
  return (
    <Dialog title="Save these filters as a view" open onClose={onClose}>
      <form className="flex flex-col gap-4" onSubmit={(event) => {
        event.preventDefault();
        if (wrong) return;
        onName(name.trim());
        onClose();
      }}>
        <label className="flex flex-col gap-1"><span className="text-sm text-muted">Name</span><input autoFocus className="field" value={name} onChange={(event) => setName(event.target.value)} /></label>
        <p className="text-sm text-faint">It is kept in this browser. To share it, share the address of the page.</p>
        <div className="flex justify-end gap-2"><Button onClick={onClose}>Back</Button><Button type="submit" look="main" disabled={wrong}>Save</Button></div>
      </form>
    </Dialog>
  );
}
