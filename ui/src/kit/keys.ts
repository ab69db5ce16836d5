/** Keys of the page: single ones and pairs (`g w`); none while somebody types. */
import { useEffect, useRef } from "react";

export type KeyMap = Readonly<Record<string, (event: KeyboardEvent) => void>>;

const PAIR_FOR = 1_000;

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

export function useKeys(map: KeyMap, enabled = true): void {
  const latest = useRef(map);
  useEffect(() => {
    latest.current = map;
  });
  useEffect(() => {
    if (!enabled) return;
    let first = "";
    let at = 0;
    const onKey = (event: KeyboardEvent): void => {
      const pressed = event.key.length === 1 ? event.key : event.key.toLowerCase();
      const combined = event.ctrlKey || event.metaKey ? `mod+${pressed.toLowerCase()}` : pressed;
      if (event.altKey || event.defaultPrevented) return;
      const inDialog = document.querySelector("[role=dialog]") !== null;
      if (!combined.startsWith("mod+") && (typing(event.target) || inDialog)) return;
      const pair = Date.now() - at < PAIR_FOR ? `${first} ${combined}` : combined;
      const work = latest.current[pair] ?? latest.current[combined];
      [first, at] = [combined, Date.now()];
      if (work === undefined) return;
      first = "";
      event.preventDefault();
      work(event);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [enabled]);
}
