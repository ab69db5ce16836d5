import { Dialog as Base } from "@base-ui/react/dialog";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useDeferredValue, useState, type JSX, type KeyboardEvent } from "react";
import { api, take } from "../api/client";
import { adaptersQuery, answeredDecisionsQuery, definitionsQuery, operationsQuery, pendingDecisionsQuery, pendingLettersQuery } from "../api/queries";
import * as icons from "../kit/icons";
import { Status } from "../kit/status";
import { letterTitle } from "../model/letter";
import { exact } from "../model/time";
import { useEventHits, useNamedHits } from "./finder-events";
import { ID, MOST, type Hit } from "./hit";
import { PLACES } from "./places";


/** Finds pages, definitions, adapters, routers, schedules, callbacks, instances by id, name or error, events, decisions, dead letters and operations. */
export function Finder({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const hits = useHits(useDeferredValue(text.trim()));
  const chosen = Math.min(at, hits.length - 1);
  const go = (hit: Hit | undefined): void => {
    if (hit === undefined) return;
    onClose();
    hit.go();
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown") setAt(Math.min(chosen + 1, hits.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(chosen - 1, 0));
    else if (event.key === "Enter") go(hits[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <Base.Root open onOpenChange={(open) => {
      if (!open) onClose();
    }}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-shade" />
        <Base.Popup className="fixed top-[10dvh] left-1/2 z-50 w-[min(620px,calc(100vw-24px))] -translate-x-1/2 overflow-hidden rounded border border-line bg-raised shadow-float outline-none">
          <Base.Title className="sr-only">Find anything</Base.Title>
          <div className="flex items-center gap-2 border-b border-line px-3">
            <icons.Search className="text-faint" />
            <input autoFocus role="combobox" aria-expanded="true" aria-controls="finder-hits" aria-activedescendant={hits[chosen] === undefined ? undefined : `hit-${hits[chosen].id}`}
              aria-label="Find anything" placeholder="A page, a workflow, an id, a word of an error" value={text} onKeyDown={onKey}
              onChange={(event) => {
                setText(event.target.value);
                setAt(0);
              }} className="h-11 w-full bg-transparent outline-none" />
          </div>
          <ul id="finder-hits" role="listbox" aria-label="Found" className="max-h-[50dvh] overflow-y-auto p-1.5">
            {hits.map((hit, index) => (
              <li key={hit.id} id={`hit-${hit.id}`} role="option" aria-selected={index === chosen} onClick={() => go(hit)} onMouseMove={() => setAt(index)}
                className={`flex h-9 cursor-pointer items-center gap-3 rounded px-2 ${index === chosen ? "bg-selected" : ""}`}>
                <span className="w-20 shrink-0 text-sm text-faint">{hit.group}</span>
                <span className="min-w-0 flex-1 truncate">{hit.name}</span>
                {hit.status !== undefined && <Status status={hit.status} />}
                <span className="truncate text-sm text-faint">{hit.hint}</span>
              </li>
            ))}
            {hits.length === 0 && <li role="option" aria-selected="false" aria-disabled="true" className="px-2 py-3 text-muted">Nothing has this in its name, id or error.</li>}
          </ul>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

/** Decisions, dead letters and operations: by id, or by what they say. */
function useOthers(text: string): Hit[] {
  const navigate = useNavigate();
  const isId = ID.test(text);
  const wanted = text.toLowerCase();
  const decisions = useQuery(pendingDecisionsQuery).data?.items ?? [];
  const answered = useQuery({ ...answeredDecisionsQuery, enabled: isId }).data?.items ?? [];
  const letters = useQuery(pendingLettersQuery).data?.items ?? [];
  const operations = useQuery({ ...operationsQuery, enabled: text.length >= 2, refetchInterval: false, staleTime: 0 }).data?.items ?? [];
  if (text.length < 2) return [];
  const has = (...words: readonly string[]): boolean => words.some((word) => word.toLowerCase().includes(wanted));
  return [
    ...[...decisions, ...answered].filter(({ id, prompt, step }) => has(id, prompt, step)).slice(0, MOST).map(({ id, prompt, workflow, status }): Hit => (
      { id: `decision-${id}`, group: "Decision", name: prompt, hint: workflow, status, go: () => navigate({ to: "/decisions", search: { id, ...(status === "pending" ? {} : { show: "answered" }) } }) }
    )),
    ...letters.filter(({ id, what, step }) => has(id, what, step)).slice(0, MOST).map((letter): Hit => (
      { id: `letter-${letter.id}`, group: "Dead letter", name: letterTitle(letter), hint: letter.id.slice(-6), go: () => navigate({ to: "/dead-letters", search: { id: letter.id } }) }
    )),
    ...operations.filter(({ id, action, reason = "" }) => has(id, action, reason)).slice(0, MOST).map(({ id, action, total, reason = "", status }): Hit => (
      { id: `operation-${id}`, group: "Operation", name: `${action} ${exact(total)}`, hint: reason, status, go: () => navigate({ to: "/operations", search: { id } }) }
    )),
  ];
}

function useHits(text: string): Hit[] {
  const navigate = useNavigate();
  const definitions = useQuery(definitionsQuery).data?.items ?? [];
  const adapters = useQuery(adaptersQuery).data?.items ?? [];
  const found = useQuery({
    queryKey: ["workflows", "find", text],
    queryFn: ({ signal }) => take(api.GET("/api/v1/workflows", { params: { query: { q: text, limit: MOST, consistency: "eventual" } }, signal })),
    enabled: text.length >= 2,
    placeholderData: keepPreviousData,
  });
  const others = useOthers(text);
  const [events, named] = [useEventHits(text, found.data?.items.length === 0 && !found.isPlaceholderData), useNamedHits(text)];
  const has = (name: string): boolean => name.toLowerCase().includes(text.toLowerCase());
  const instances = text.length < 2 ? [] : (found.data?.items ?? []);
  return [
    ...PLACES.filter(({ name }) => has(name)).map(({ to, name, keys }): Hit => ({ id: `page-${name}`, group: "Page", name, hint: keys, go: () => navigate({ to }) })),
    ...definitions.filter(({ name }) => has(name)).slice(0, MOST).flatMap(({ name, default_version: version }): Hit[] => [
      { id: `definition-${name}`, group: "Definition", name, hint: version, go: () => navigate({ to: "/definitions/$name", params: { name } }) },
      ...(text === "" ? [] : [{ id: `start-${name}`, group: "Start", name: `Start ${name}`, hint: "", go: () => navigate({ to: "/definitions/$name", params: { name }, search: { start: "yes" } }) }]),
    ]),
    ...(text === "" ? [] : adapters.filter(({ name }) => has(name)).slice(0, MOST).map(({ name, type }): Hit => ({ id: `adapter-${name}`, group: "Adapter", name, hint: type, go: () => navigate({ to: "/adapters", search: { name } }) }))),
    ...named,
    ...instances.map(({ id, workflow, status }): Hit => ({ id, group: "Workflow", name: `${workflow} ${id.slice(-6)}`, hint: "", status, go: () => navigate({ to: "/workflows/$id", params: { id } }) })),
    ...events,
    ...others,
  ];
}
