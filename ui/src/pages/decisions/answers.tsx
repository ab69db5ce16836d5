import { useQueryClient } from "@tanstack/react-query";
import { useState, type JSX } from "react";
import { api, newKey, take } from "../../api/client";
import { BulkDialog } from "../../kit/bulk-dialog";
import { Button } from "../../kit/button";
import { Confirm } from "../../kit/confirm";
import { exact } from "../../model/time";

export type Choice = "retry" | "skip" | "fail";

export const CHOICES: readonly Choice[] = ["retry", "skip", "fail"];
export const CHOICE_NAMES: Readonly<Record<Choice, string>> = { retry: "Retry", skip: "Skip", fail: "Give up" };

/** What each answer does, said before it is given. */
export function consequence(choice: Choice, ofUndo: boolean): string {
  if (choice === "retry") return ofUndo ? "The undo is tried again, with all its attempts." : "The step is tried again from its first attempt, with the same input.";
  if (choice === "skip") return ofUndo ? "It stays as it is and the roll-back goes on with the step before." : "The step is left out, its output is null, and the workflow goes on with the next one.";
  return ofUndo ? "The undo is given up: it stays as it is, and the roll-back goes on." : "The step fails. What was completed before is undone where it has a compensation.";
}

export function answer(id: string, choice: Choice, comment: string, key: string): Promise<unknown> {
  const params = { path: { id }, header: { "Idempotency-Key": key } };
  return choice === "fail"
    ? take(api.POST("/api/v1/decisions/{id}/reject", { params, body: { choice, comment } }))
    : take(api.POST("/api/v1/decisions/{id}/approve", { params, body: { choice, comment } }));
}

/** Decisions that are alike, and what is to be said to all of them. */
export interface Question {
  readonly ids: readonly string[];
  /** What is decided, for the title. */
  readonly what: string;
  readonly ofUndo: boolean;
}

export type Ask = (question: Question, choice: Choice) => void;

/** The buttons for one decision or many that are alike. */
export function Answers({ question, onAsk }: { readonly question: Question; readonly onAsk: Ask }): JSX.Element {
  const count = question.ids.length;
  return (
    <span className="flex shrink-0 gap-1.5">
      {CHOICES.map((choice) => (
        <Button key={choice} small look={choice === "retry" ? "main" : choice === "fail" ? "danger" : "plain"} title={consequence(choice, question.ofUndo)} onClick={() => onAsk(question, choice)}>
          {CHOICE_NAMES[choice]}{count > 1 ? ` ${exact(count)}` : ""}
        </Button>
      ))}
    </span>
  );
}

/**
 * The dialog for an answer. It belongs to the page, not to the question: that goes away as it is answered, and the
 * dialog is to tell how the rest went.
 */
export function useAnswering(onAnswered?: () => void): { readonly ask: Ask; readonly dialog: JSX.Element | null } {
  const queries = useQueryClient();
  const [asked, setAsked] = useState<Question & { readonly choice: Choice }>();
  const dialog = asked === undefined ? null : (
    <AnswerDialog {...asked} onClose={(acted) => {
      setAsked(undefined);
      if (!acted) return;
      onAnswered?.();
      void queries.invalidateQueries({ queryKey: ["decisions"] });
    }} />
  );
  return { ask: (question, choice) => setAsked({ ...question, choice }), dialog };
}

interface AnswerDialogProps extends Question {
  readonly choice: Choice;
  readonly onClose: (acted: boolean) => void;
}

function AnswerDialog({ ids, what, ofUndo, choice, onClose }: AnswerDialogProps): JSX.Element {
  const [key] = useState(newKey);
  const name = CHOICE_NAMES[choice];
  const [only] = ids;
  if (ids.length > 1) {
    return (
      <BulkDialog title={`${name}: ${exact(ids.length)} × ${what}`} verb={name} danger={choice === "fail"} ids={ids} act={(id, comment) => answer(id, choice, comment, `${key}/${id}`)} onClose={onClose}>
        {consequence(choice, ofUndo)} This holds for each of the {exact(ids.length)}; one that somebody answered meanwhile keeps that answer.
      </BulkDialog>
    );
  }
  return (
    <Confirm title={`${name}: ${what}`} verb={name} danger={choice === "fail"} reasonLabel="Comment (for the record)" onClose={onClose} act={async (comment) => {
      if (only !== undefined) await answer(only, choice, comment, key);
    }}>
      {consequence(choice, ofUndo)}
    </Confirm>
  );
}
