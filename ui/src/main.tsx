import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { makeRouter } from "./app/router";
import { session } from "./api/session";
import { applyTheme } from "./kit/theme";
import { hub } from "./live/hub";
import "./styles/index.css";

applyTheme();

const queries = new QueryClient({ defaultOptions: { queries: { staleTime: 1_000, refetchOnWindowFocus: true } } });
const router = makeRouter();

hub.start();
// Whatever was read before a loss, or as somebody else, is read anew.
hub.onBack(() => void queries.invalidateQueries());
let token = session.now.token;
session.subscribe(() => {
  // Nobody is let in before they say who they are.
  if (session.now.wanted) hub.stop();
  if (session.now.token === token) return;
  token = session.now.token;
  queries.clear();
  hub.start();
  void router.invalidate();
});

// Whoever comes back to the page, or to the network, does not wait for the next attempt.
window.addEventListener("online", () => hub.hurry());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) hub.hurry();
});
// After an upgrade of the server the parts of the page that were not loaded yet have other names.
window.addEventListener("vite:preloadError", () => window.location.reload());

const root = document.getElementById("root");
if (root === null) throw new Error("expected an element with the id root in index.html");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
