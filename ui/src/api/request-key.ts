import { useRef } from "react";
import { newKey } from "./client";

/** Keys for what a dialog sends: the same request keeps its key and is done once, another one has another. */
export function useRequestKeys(): (request: unknown) => string {
  const keys = useRef(new Map<string, string>());
  return (request) => {
    const written = JSON.stringify(request);
    const known = keys.current.get(written) ?? newKey();
    keys.current.set(written, known);
    return known;
  };
}
