import { Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect, useState, type JSX } from "react";
import { useQuery } from "@tanstack/react-query";
import { pendingDecisionsQuery, pendingLettersQuery } from "../api/queries";
import { useKeys } from "../kit/keys";
import { isDecision, isLetter, useLiveQueries } from "../live/hooks";
import { Banner } from "./banner";
import { Finder } from "./finder";
import { KeysHelp } from "./keys-help";
import { PLACES } from "./places";
import { BottomBar, Rail, type Counts } from "./rail";
import { SignIn } from "./sign-in";
import { TopBar } from "./top-bar";

const FOLDED = "orchestrator.rail-folded";

export function Frame(): JSX.Element {
  const [folded, setFolded] = useState(() => window.localStorage.getItem(FOLDED) === "yes");
  const [overlay, setOverlay] = useState<"finder" | "keys" | undefined>();
  const navigate = useNavigate();
  const fold = (): void => {
    window.localStorage.setItem(FOLDED, folded ? "no" : "yes");
    setFolded(!folded);
  };
  useTitle();
  useLiveQueries(pendingDecisionsQuery.queryKey, isDecision, 400);
  useLiveQueries(["dead-letters"], isLetter, 400);
  const decisions = useQuery(pendingDecisionsQuery).data;
  const letters = useQuery(pendingLettersQuery).data;
  const counts: Counts = {
    "/decisions": { count: decisions?.items.length ?? 0, more: decisions?.more ?? false, words: "wait for a person" },
    "/dead-letters": { count: letters?.items.length ?? 0, more: letters?.next_cursor != null, words: "were given up" },
  };
  const jumps = PLACES.map((place) => [place.keys, () => void navigate({ to: place.to })] as const);
  useKeys({
    ...Object.fromEntries(jumps),
    "mod+k": () => setOverlay("finder"),
    "?": () => setOverlay("keys"),
    "[": fold,
  });
  return (
    <div className="flex h-dvh overflow-hidden">
      <a href="#page" className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:bg-raised focus:p-2">Skip to the page</a>
      <Rail folded={folded} onFold={fold} counts={counts} />
      <div className="flex min-w-0 flex-1 flex-col">
        <TopBar onFind={() => setOverlay("finder")} onKeys={() => setOverlay("keys")} />
        <Banner />
        <main id="page" tabIndex={-1} className="min-h-0 flex-1 overflow-y-auto outline-none"><Outlet /></main>
        <BottomBar counts={counts} />
      </div>
      {overlay === "finder" && <Finder onClose={() => setOverlay(undefined)} />}
      {overlay === "keys" && <KeysHelp onClose={() => setOverlay(undefined)} />}
      <SignIn />
    </div>
  );
}

function useTitle(): void {
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => {
    const place = PLACES.findLast(({ to }) => (to === "/" ? path === "/" : path.startsWith(to)));
    document.title = `${decodeURIComponent(path.split("/")[2] ?? place?.name ?? "Orchestrator")} · Orchestrator`;
  }, [path]);
}
