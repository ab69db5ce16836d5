import { Link } from "@tanstack/react-router";
import { useState, type JSX } from "react";
import { IconButton } from "../kit/button";
import { Dialog } from "../kit/dialog";
import * as icons from "../kit/icons";
import { exact } from "../model/time";
import { PLACES, type Place } from "./places";
import { ThemeChoice } from "./theme-choice";

interface RailProps {
  readonly folded: boolean;
  readonly onFold: () => void;
  readonly counts: Counts;
}

/** What waits behind a page. */
interface Count {
  readonly count: number;
  /** There are more than these. */
  readonly more: boolean;
  readonly words: string;
}

export type Counts = Readonly<Partial<Record<Place["to"], Count>>>;

export function Rail({ folded, onFold, counts }: RailProps): JSX.Element {
  return (
    <nav aria-label="Pages" className={`hidden shrink-0 flex-col border-r border-line bg-raised sm:flex ${folded ? "w-14" : "w-14 lg:w-[220px]"}`}>
      <Link to="/" className="flex h-12 items-center gap-2.5 px-[17px] font-semibold">
        <img src="/icon.svg" alt="" width={22} height={22} />
        <span className={folded ? "sr-only" : "sr-only lg:not-sr-only"}>Orchestrator</span>
      </Link>
      <ul className="flex flex-1 flex-col gap-0.5 p-2">
        {PLACES.map((place) => <li key={place.to}><RailLink place={place} folded={folded} count={counts[place.to]} /></li>)}
      </ul>
      <div className={`flex items-center gap-1 border-t border-line p-2 ${folded ? "flex-col" : "flex-col lg:flex-row"}`}>
        <ThemeChoice />
        <span className="flex-1" />
        <span className="hidden lg:block"><IconButton label={folded ? "Unfold the rail ( [ )" : "Fold the rail ( [ )"} onClick={onFold}><icons.Fold /></IconButton></span>
      </div>
    </nav>
  );
}

function RailLink({ place: { to, name, Icon, keys }, folded, count }: { readonly place: Place; readonly folded: boolean; readonly count: Count | undefined }): JSX.Element {
  return (
    <Link to={to} activeOptions={{ exact: to === "/", includeSearch: false }} title={`${name} (${keys})`}
      className="relative flex h-8 items-center gap-3 rounded px-3 font-medium text-muted hover:bg-hover hover:text-ink"
      activeProps={{ className: "!bg-selected !text-accent-text", "aria-current": "page" }}>
      <Icon />
      <span className={folded ? "sr-only" : "sr-only flex-1 lg:not-sr-only"}>{name}</span>
      <Badge of={count} className={folded ? "absolute top-0.5 right-0.5 h-4 px-1" : "absolute top-0.5 right-0.5 h-4 px-1 lg:static lg:h-5 lg:px-1.5"} />
    </Link>
  );
}

/** Beyond it only the page itself counts. */
const MOST = 999;

function Badge({ of, className }: { readonly of: Count | undefined; readonly className: string }): JSX.Element | null {
  if (of === undefined || of.count === 0) return null;
  const { count, more, words } = of;
  return (
    <span className={`inline-flex min-w-4 items-center justify-center rounded-full bg-human text-xs font-semibold text-raised ${className}`}>
      {exact(Math.min(count, MOST))}{(more || count > MOST) && "+"}<span className="sr-only"> {words}</span>
    </span>
  );
}

const BAR = PLACES.slice(0, 4);

/** On a phone: a bar of five at the bottom, the fifth opens the rest. */
export function BottomBar({ counts }: { readonly counts: Counts }): JSX.Element {
  const [more, setMore] = useState(false);
  const look = "relative flex h-14 flex-1 flex-col items-center justify-center gap-1 text-xs font-medium text-muted";
  return (
    <nav aria-label="Pages" className="flex shrink-0 border-t border-line bg-raised pb-[env(safe-area-inset-bottom)] sm:hidden">
      {BAR.map(({ to, name, Icon }) => (
        <Link key={to} to={to} activeOptions={{ exact: to === "/", includeSearch: false }} className={look} activeProps={{ className: "!text-accent-text", "aria-current": "page" }}>
          <Icon size={18} />{name}
          <Badge of={counts[to]} className="absolute top-1 left-1/2 ml-2 px-1" />
        </Link>
      ))}
      <button type="button" className={look} onClick={() => setMore(true)}><icons.More size={18} />More</button>
      <Dialog title="More" open={more} onClose={() => setMore(false)}>
        <ul className="flex flex-col gap-1">
          {PLACES.slice(BAR.length).map(({ to, name, Icon }) => (
            <li key={to}><Link to={to} onClick={() => setMore(false)} className="flex h-11 items-center gap-3 rounded px-2 font-medium hover:bg-hover"><Icon size={18} />{name}</Link></li>
          ))}
        </ul>
        <div className="mt-3 flex items-center gap-2 border-t border-line pt-3"><span className="flex-1 text-muted">Theme</span><ThemeChoice /></div>
      </Dialog>
    </nav>
  );
}
