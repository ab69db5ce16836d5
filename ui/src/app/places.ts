/** The pages of the rail. */
import * as icons from "../kit/icons";

export const PLACES = [
  { to: "/", name: "Overview", keys: "g o", Icon: icons.Overview },
  { to: "/workflows", name: "Workflows", keys: "g w", Icon: icons.Workflows },
  { to: "/decisions", name: "Decisions", keys: "g d", Icon: icons.Hand },
  { to: "/dead-letters", name: "Dead letters", keys: "g l", Icon: icons.Octagon },
  { to: "/events", name: "Events", keys: "g e", Icon: icons.Events },
  { to: "/operations", name: "Operations", keys: "g p", Icon: icons.Loop },
  { to: "/definitions", name: "Definitions", keys: "g f", Icon: icons.Definitions },
  { to: "/routers", name: "Routers", keys: "g r", Icon: icons.Routers },
  { to: "/schedules", name: "Schedules", keys: "g c", Icon: icons.Schedules },
  { to: "/callbacks", name: "Callbacks", keys: "g b", Icon: icons.Callbacks },
  { to: "/adapters", name: "Adapters", keys: "g a", Icon: icons.Adapters },
  { to: "/system", name: "System", keys: "g s", Icon: icons.System },
  { to: "/audit", name: "Audit", keys: "g u", Icon: icons.Audit },
] as const;

export type Place = (typeof PLACES)[number];
