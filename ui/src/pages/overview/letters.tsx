import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useState, type JSX } from "react";
import type { DeadLetter } from "../../api/client";
import { MOST_LETTERS, pendingLettersQuery } from "../../api/queries";
import { Button, buttonClass } from "../../kit/button";
import * as icons from "../../kit/icons";
import { Panel } from "../../kit/page";
import { exact } from "../../model/time";
import { groupTrouble, type Trouble } from "../../model/trouble";
import { ManyLetters, type LetterVerb } from "../dead-letters/many-letters";
import { GroupRow } from "./group-row";

const SHOWN = 4;

/** Letters that wait, alike with alike. What an undo left behind is asked as a decision, and stands there. */
export function useLetterGroups(): { readonly groups: readonly Trouble<DeadLetter>[]; readonly more: boolean } {
  const { data } = useQuery(pendingLettersQuery);
  const groups = useMemo(() => groupTrouble((data?.items ?? []).filter(({ kind }) => kind !== "compensation"), factsOf), [data]);
  return { groups, more: data?.next_cursor != null };
}

function factsOf({ workflow, step, error, at }: DeadLetter) {
  return { workflow, step, errorType: error.type, message: error.message, at: Date.parse(at) };
}

/** The step and what it called; of an event that could start nothing there is no step, and what it was to start is named already. */
function placeOf({ step, workflow, items: [first] }: Trouble<DeadLetter>): string {
  return [step, first?.what ?? ""].filter((part) => part !== "" && part !== workflow).join(", ");
}

export function Letters(): JSX.Element | null {
  const { groups, more } = useLetterGroups();
  const [asked, setAsked] = useState<{ readonly verb: LetterVerb; readonly ids: readonly string[] }>();
  const dialog = asked !== undefined && <ManyLetters verb={asked.verb} selection={{ ids: asked.ids }} onClose={() => setAsked(undefined)} />;
  // The dialog is to tell how it went, also when nothing is left to be shown.
  if (groups.length === 0) return <>{dialog}</>;
  return (
    <Panel title={<span className="inline-flex items-center gap-2"><icons.Octagon className="text-failed" />Dead letters</span>} flush
      aside={<Link to="/dead-letters" className="text-accent-text hover:underline">{more ? `grouped from the newest ${exact(MOST_LETTERS)}` : "see them"}</Link>}>
      <ul>
        {groups.slice(0, SHOWN).map((group) => {
          const ids = group.items.map(({ id }) => id);
          return (
            <GroupRow key={group.key} group={group} count={ids.length} name={group.workflow} at={placeOf(group)} icon={<icons.Octagon className="text-failed" />}>
              <Link to="/dead-letters" search={{ id: ids[0] ?? "" }} className={buttonClass("quiet", true)}>Look</Link>
              <Button small look="main" title="Each call is made again, by a workflow of one step" onClick={() => setAsked({ verb: "reprocess", ids })}>Call {exact(ids.length)} anew</Button>
              <Button small look="danger" title="What was sent is forgotten" onClick={() => setAsked({ verb: "discard", ids })}>Discard {exact(ids.length)}</Button>
            </GroupRow>
          );
        })}
      </ul>
      {dialog}
    </Panel>
  );
}
