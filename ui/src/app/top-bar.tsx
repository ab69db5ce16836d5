import { useQuery } from "@tanstack/react-query";
import { Link, useRouterState } from "@tanstack/react-router";
import { useSyncExternalStore, type JSX } from "react";
import { systemQuery } from "../api/queries";
import { session } from "../api/session";
import { IconButton } from "../kit/button";
import * as icons from "../kit/icons";
import { ShortId } from "../kit/id";
import { useConnection } from "../live/hooks";
import { PLACES } from "./places";

interface TopBarProps {
  readonly onFind: () => void;
  readonly onKeys: () => void;
}

export function TopBar({ onFind, onKeys }: TopBarProps): JSX.Element {
  const system = useQuery(systemQuery).data;
  return (
    <header className="flex h-12 shrink-0 items-center gap-3 border-b border-line bg-raised px-4">
      <Environment name={system?.environment} />
      <Breadcrumb />
      <span className="flex-1" />
      <button type="button" onClick={onFind} className="flex h-8 items-center gap-2 rounded border border-line-strong bg-surface px-2 text-faint hover:text-ink md:w-56">
        <icons.Search size={14} />
        <span className="sr-only flex-1 text-left md:not-sr-only">Find anything</span>
        <kbd aria-hidden="true" className="hidden rounded-sm border border-line px-1 text-xs md:block">Ctrl K</kbd>
      </button>
      <Health ready={system?.ready} />
      <Caller name={system?.caller} />
      <span className="hidden sm:block"><IconButton label="Keys ( ? )" onClick={onKeys}><icons.Keys /></IconButton></span>
    </header>
  );
}

/** Where one is must not be mistaken: production is loud, the others are quiet. */
function Environment({ name }: { readonly name: string | undefined }): JSX.Element {
  if (name === undefined) return <span className="skeleton h-6 w-12" />;
  const loud = /^prod/i.test(name);
  return (
    <span title="The environment that the server runs as" className={`rounded-sm px-2 py-0.5 text-sm font-semibold ${loud ? "bg-failed text-raised tracking-wide uppercase" : "border border-line-strong text-muted"}`}>{name}</span>
  );
}

/** Pages that are reached from others only. */
const WITHIN: Readonly<Record<string, string>> = { correlations: "/events", subjects: "/events", compare: "/workflows" };

function Breadcrumb(): JSX.Element {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const [, first = "", second = WITHIN[first] === undefined ? undefined : first] = path.split("/");
  const place = PLACES.find(({ to }) => to === (WITHIN[first] ?? `/${first}`));
  if (place === undefined) return <span className="truncate font-medium capitalize">{first}</span>;
  return (
    <nav aria-label="Breadcrumb" className="hidden min-w-0 items-center gap-2 sm:flex">
      <Link to={place.to} className={`rounded ${second === undefined ? "font-medium" : "text-muted hover:text-ink"}`}>{place.name}</Link>
      {second !== undefined && <><span className="text-faint">/</span><span className="truncate font-medium">{first === "workflows" ? <ShortId id={second} /> : decodeURIComponent(second)}</span></>}
    </nav>
  );
}

function Health({ ready }: { readonly ready: boolean | undefined }): JSX.Element {
  const { state } = useConnection();
  const [word, colour] = state === "lost" ? ["no connection", "bg-failed"]
    : ready === false ? ["not ready", "bg-waiting"]
    : state === "open" ? ["live", "bg-completed"] : ["connecting", "bg-idle"];
  return (
    <Link to="/system" title="The server's health" className="flex h-8 items-center gap-2 rounded px-2 text-sm text-muted hover:bg-hover">
      <span aria-hidden="true" className={`size-2 rounded-full ${colour}`} />
      <span className="sr-only sm:not-sr-only">{word}</span>
    </Link>
  );
}

function Caller({ name }: { readonly name: string | undefined }): JSX.Element | null {
  const { token } = useSyncExternalStore(session.subscribe, () => session.now);
  if (name === undefined) return null;
  return (
    <button type="button" onClick={() => (token === undefined ? session.want() : session.signOut())}
      title={token === undefined ? `The server takes you for ${name}; sign in as somebody else` : `Signed in as ${name}; sign out`}
      className="flex h-8 items-center gap-1.5 rounded px-2 text-sm text-muted hover:bg-hover">
      <icons.Person size={14} /><span className="max-w-24 truncate">{name}</span>
    </button>
  );
}
