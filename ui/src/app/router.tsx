/** The pages and what their addresses hold: every filter, tab, selection and position. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { EVENT_FILTERS } from "../pages/events/filters";
import { FILTERS } from "../pages/workflows/filters";
import { Frame } from "./frame";
import { CrashPage, MissingPage } from "./odd-pages";

export type Search = Readonly<Record<string, string>>;

/** Lets the named parameters through, as texts. */
function only<K extends string>(...names: readonly K[]) {
  return (search: Record<string, unknown>): Partial<Record<K, string>> => {
    const kept = names.flatMap((name) => {
      const value = search[name];
      return typeof value === "string" && value !== "" ? [[name, value] as const] : [];
    });
    return Object.fromEntries(kept) as Partial<Record<K, string>>;
  };
}

const root = createRootRoute({ component: Frame, notFoundComponent: MissingPage, errorComponent: CrashPage });
const under = { getParentRoute: () => root } as const;

export const overviewRoute = createRoute({
  ...under, path: "/", validateSearch: only("range"), component: lazyRouteComponent(() => import("../pages/overview/overview-page")),
});
export const workflowsRoute = createRoute({
  ...under, path: "/workflows", validateSearch: only(...FILTERS), component: lazyRouteComponent(() => import("../pages/workflows/workflows-page")),
});
export const workflowRoute = createRoute({
  ...under, path: "/workflows/$id", validateSearch: only("tab", "step", "lane", "at", "open", "find"),
  component: lazyRouteComponent(() => import("../pages/workflow/workflow-page")),
});
export const compareRoute = createRoute({
  ...under, path: "/compare", validateSearch: only("left", "right"), component: lazyRouteComponent(() => import("../pages/workflow/compare-page")),
});
export const decisionsRoute = createRoute({
  ...under, path: "/decisions", validateSearch: only("id", "show", "workflow"), component: lazyRouteComponent(() => import("../pages/decisions/decisions-page")),
});
export const deadLettersRoute = createRoute({
  ...under, path: "/dead-letters", validateSearch: only("id", "show", "adapter"), component: lazyRouteComponent(() => import("../pages/dead-letters/dead-letters-page")),
});
export const operationsRoute = createRoute({
  ...under, path: "/operations", validateSearch: only("id"), component: lazyRouteComponent(() => import("../pages/operations/operations-page")),
});
export const eventsRoute = createRoute({
  ...under, path: "/events", validateSearch: only(...EVENT_FILTERS, "id", "send"), component: lazyRouteComponent(() => import("../pages/events/events-page")),
});
export const correlationRoute = createRoute({
  ...under, path: "/correlations/$id", validateSearch: only("view", "detail", "node", "line"), component: lazyRouteComponent(() => import("../pages/correlation/correlation-page")),
});
export const subjectRoute = createRoute({
  ...under, path: "/subjects/$subject", component: lazyRouteComponent(() => import("../pages/correlation/subject-page")),
});
export const routersRoute = createRoute({
  ...under, path: "/routers", validateSearch: only("name", "explain", "event", "range"), component: lazyRouteComponent(() => import("../pages/routers/routers-page")),
});
export const schedulesRoute = createRoute({
  ...under, path: "/schedules", validateSearch: only("name", "q", "show"), component: lazyRouteComponent(() => import("../pages/schedules/schedules-page")),
});
export const callbacksRoute = createRoute({
  ...under, path: "/callbacks", validateSearch: only("name", "show"), component: lazyRouteComponent(() => import("../pages/callbacks/callbacks-page")),
});
export const definitionsRoute = createRoute({
  ...under, path: "/definitions", component: lazyRouteComponent(() => import("../pages/definitions/definitions-page")),
});
export const definitionRoute = createRoute({
  ...under, path: "/definitions/$name", validateSearch: only("version", "tab", "against", "open", "step", "start"),
  component: lazyRouteComponent(() => import("../pages/definitions/definition-page")),
});
export const adaptersRoute = createRoute({
  ...under, path: "/adapters", validateSearch: only("name"), component: lazyRouteComponent(() => import("../pages/adapters/adapters-page")),
});
export const systemRoute = createRoute({
  ...under, path: "/system", validateSearch: only("tab"), component: lazyRouteComponent(() => import("../pages/system/system-page")),
});
export const auditRoute = createRoute({
  ...under, path: "/audit", validateSearch: only("who", "kind", "since"), component: lazyRouteComponent(() => import("../pages/system/audit-page")),
});

const tree = root.addChildren([
  overviewRoute, workflowsRoute, workflowRoute, compareRoute, decisionsRoute, deadLettersRoute, operationsRoute, definitionsRoute, definitionRoute, adaptersRoute,
  systemRoute, auditRoute, eventsRoute, correlationRoute, subjectRoute, routersRoute, schedulesRoute, callbacksRoute,
]);

export function makeRouter() {
  return createRouter({
    routeTree: tree,
    defaultPreload: "intent",
    // Plain texts: an address can be read, written by hand and pasted.
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (search) => {
      const pairs = Object.entries(search).filter((pair): pair is [string, string] => typeof pair[1] === "string" && pair[1] !== "");
      const text = new URLSearchParams(pairs).toString();
      return text === "" ? "" : `?${text}`;
    },
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
