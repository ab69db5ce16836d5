import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState, type JSX } from "react";
import { api, take, type DeadLetter } from "../../api/client";
import { deadLettersQuery } from "../../api/queries";
import { deadLettersRoute } from "../../app/router";
import { Button } from "../../kit/button";
import { Confirm } from "../../kit/confirm";
import { Empty } from "../../kit/empty";
import * as icons from "../../kit/icons";
import { Failure } from "../../kit/notice";
import { Page, Skeleton } from "../../kit/page";
import { Tabs } from "../../kit/tabs";
import { Moment } from "../../kit/time";
import { letterTitle } from "../../model/letter";
import { exact } from "../../model/time";
import { LetterDetail } from "./letter-detail";
import { ManyLetters, type LetterVerb } from "./many-letters";

export default function DeadLettersPage(): JSX.Element {
  const { id, show, adapter } = deadLettersRoute.useSearch();
  const navigate = useNavigate({ from: "/dead-letters" });
  const status = show === "reprocessed" || show === "discarded" ? show : "pending";
  const { data, error, refetch } = useQuery(deadLettersQuery(status, adapter));
  const items = data?.items ?? [];
  const letter = items.find((each) => each.id === id) ?? items[0];
  return (
    <Page filled title="Dead letters" actions={
      <Tabs label="Which letters" current={status} onChange={(next) => void navigate({ search: (next === "pending" ? {} : { show: next }) as Record<string, string> })}
        tabs={[{ id: "pending", name: "Waiting" }, { id: "reprocessed", name: "Called anew" }, { id: "discarded", name: "Discarded" }]} />
    }>
      {adapter !== undefined && <p className="text-sm text-muted">Only of {adapter}. <Link to="/dead-letters" search={{}} className="text-accent-text underline">Show all</Link></p>}
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <Skeleton lines={6} />}
      {data !== undefined && letter === undefined && <Nothing settled={status !== "pending"} />}
      {status === "pending" && items.length > 1 && <ForAll adapter={adapter} />}
      {letter !== undefined && <Letters key={status} items={items} more={data?.next_cursor != null} letter={letter} onOpen={(next) => void navigate({ search: (before) => ({ ...before, id: next }), replace: true })} />}
    </Page>
  );
}

/** What can be done with all that are shown, and those behind them. */
function ForAll({ adapter }: { readonly adapter: string | undefined }): JSX.Element {
  const [asked, setAsked] = useState<LetterVerb>();
  const filter = { status: "pending", ...(adapter === undefined ? {} : { adapter }) };
  return (
    <div className="flex flex-wrap items-center gap-2" role="group" aria-label="With all of them">
      <Button small title="Each call is made again, by a workflow of one step" onClick={() => setAsked("reprocess")}>Call all anew</Button>
      <Button small look="danger" title="What was sent is forgotten" onClick={() => setAsked("discard")}>Discard all</Button>
      {asked !== undefined && <ManyLetters verb={asked} selection={{ filter }} onClose={() => setAsked(undefined)} />}
    </div>
  );
}

interface LettersProps {
  readonly items: readonly DeadLetter[];
  readonly more: boolean;
  readonly letter: DeadLetter;
  readonly onOpen: (id: string) => void;
}

function Letters({ items, more, letter, onOpen }: LettersProps): JSX.Element {
  const [asked, setAsked] = useState<LetterVerb>();
  const client = useQueryClient();
  const close = (acted: boolean): void => {
    setAsked(undefined);
    if (acted) void client.invalidateQueries({ queryKey: ["dead-letters"] });
  };
  return (
    <>
      {more && <p className="text-sm text-muted" role="status">The newest {exact(items.length)} are shown; more wait behind them.</p>}
      <div className="grid min-h-0 flex-1 gap-4 max-md:grid-rows-[minmax(140px,2fr)_3fr] md:grid-cols-[minmax(280px,2fr)_3fr]">
        <section aria-label="List of dead letters" className="min-h-0 overflow-y-auto rounded border border-line bg-raised">
          <ul>
            {items.map((item) => (
              <li key={item.id} className={`flex h-[60px] items-center border-b border-line ${item.id === letter.id ? "bg-selected" : "hover:bg-hover"}`}>
                <button type="button" aria-current={item.id === letter.id ? "true" : undefined} onClick={() => onOpen(item.id)} className="flex h-full min-w-0 flex-1 flex-col justify-center px-3 text-left">
                  <span className="flex w-full items-center gap-2">
                    <icons.Octagon size={14} className="text-failed" />
                    <span className="min-w-0 flex-1 truncate font-medium">{letterTitle(item)}</span>
                    <span className="text-sm text-muted"><Moment at={item.at} /></span>
                  </span>
                  <span className="w-full truncate text-sm text-muted">{item.workflow} · {item.error.type}: {item.error.message}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
        <LetterDetail key={letter.id} letter={letter} onAsk={setAsked} />
      </div>
      {asked !== undefined && <Settle letter={letter} verb={asked} onClose={close} />}
    </>
  );
}

function Settle({ letter, verb, onClose }: { readonly letter: DeadLetter; readonly verb: LetterVerb; readonly onClose: (acted: boolean) => void }): JSX.Element {
  const params = { path: { id: letter.id } };
  if (verb === "reprocess") {
    return (
      <Confirm title="Call it anew" verb="Call anew" onClose={onClose} act={(reason) => take(api.POST("/api/v1/dead-letters/{id}/reprocess", { params, body: { reason } }))}>
        A new workflow of one step calls {letter.what} with the same input, under the same correlation id. If it fails for good, it comes back here.
      </Confirm>
    );
  }
  return (
    <Confirm title="Discard it" verb="Discard" danger reasonLabel="Reason (needed)" onClose={onClose} act={(reason) => take(api.POST("/api/v1/dead-letters/{id}/discard", { params, body: { reason } }))}>
      What was sent is forgotten. Who discarded it, when and why stays.
    </Confirm>
  );
}

function Nothing({ settled }: { readonly settled: boolean }): JSX.Element {
  if (settled) return <Empty title="None so far">Letters that were called anew or discarded are kept here, with who did it, when and why.</Empty>;
  return (
    <Empty title="No call was given up" command="orchestrator dead-letters list">
      A call that fails for good under <code>on-exhausted: dead-letter</code>, or an undo that leaves its workflow stuck, is kept here whole.
    </Empty>
  );
}
