import { useQueryClient } from "@tanstack/react-query";
import { useState, type JSX } from "react";
import { api, newKey, take } from "../../api/client";
import { useRequestKeys } from "../../api/request-key";
import { BulkDialog } from "../../kit/bulk-dialog";
import { Button } from "../../kit/button";
import { Confirm } from "../../kit/confirm";
import { SchemaInput } from "../../kit/schema-input";
import type { Json } from "../../model/json";
import { firstValue } from "../../model/schema-form";
import { exact } from "../../model/time";

export type Choice = "approve" | "amend" | "reject" | "retry" | "skip" | "supply" | "compensate" | "done" | "fail";

export const CHOICE_NAMES: Readonly<Record<Choice, string>> = {
  approve: "Approve", amend: "Amend", reject: "Reject", retry: "Retry", skip: "Skip", supply: "Supply", compensate: "Undo all", done: "Done by hand", fail: "Give up",
};
/** The keys of answers; those that ask for more have none. */
export const CHOICE_KEYS: Readonly<Partial<Record<Choice, string>>> = { approve: "a", reject: "n", retry: "r", skip: "s", fail: "f" };

const OFFERED: Readonly<Record<string, readonly Choice[]>> = {
  approval: ["approve", "amend", "reject"],
  question: ["approve", "amend", "reject"],
  exhausted: ["retry", "amend", "skip", "supply", "compensate", "fail"],
  "compensation-failed": ["retry", "skip", "done", "fail"],
  "compensation-approval": ["approve", "amend", "reject"],
  "instance-failed": ["compensate", "fail"],
};

/** What a decision of this kind can be answered with; what it offers itself counts more, where that is known. */
export function choicesOf(kind: string, offered?: readonly string[]): readonly Choice[] {
  const all = OFFERED[kind] ?? ["retry", "skip", "fail"];
  return offered === undefined ? all : all.filter((choice) => offered.includes(choice));
}

/** Whether an answer brings data, so that it is of one decision and not of many. */
export function bringsData(choice: Choice): boolean {
  return choice === "amend" || choice === "supply";
}

export function lookOf(choice: Choice): "main" | "danger" | "plain" {
  if (choice === "retry" || choice === "approve") return "main";
  return choice === "fail" || choice === "reject" || choice === "compensate" ? "danger" : "plain";
}

function ofUndoApproval(choice: Choice): string {
  switch (choice) {
    case "approve": return "The step is undone as it is shown, and the roll-back goes on.";
    case "amend": return "The step is undone with the input that you give, and the roll-back goes on.";
    default: return "The step is not undone: the workflow is stuck in its roll-back until somebody decides.";
  }
}

/** What each answer does, said before it is given. */
export function consequence(choice: Choice, kind: string): string {
  if (kind === "compensation-approval") return ofUndoApproval(choice);
  const ofUndo = kind === "compensation-failed";
  switch (choice) {
    case "approve": return kind === "question" ? "The answer is yes, and the workflow goes on." : "The step runs as it is shown, and everything behind it.";
    case "amend": return kind === "exhausted" ? "The step is tried again, with the input that you give." : kind === "question" ? "The answer is yes, with the data that you give." : "The step runs with the input that you give, and everything behind it.";
    case "reject": return kind === "question" ? "The answer is no." : "The step does not run: it fails.";
    case "retry": return ofUndo ? "The undo is tried again, with all its attempts." : "The step is tried again from its first attempt, with the same input.";
    case "skip": return ofUndo ? "It stays as it is and the roll-back goes on with the step before." : "The step is left out, its output is null, and the workflow goes on with the next one.";
    case "supply": return "The step counts as done, with the output that you give.";
    case "compensate": return "The workflow ends, and what was completed before is undone where it has a compensation.";
    case "done": return "It was undone by hand, and the roll-back goes on with the step before.";
    case "fail": return kind === "instance-failed" ? "The workflow ends as failed, and what it did stays." : ofUndo ? "The undo is given up: it stays as it is, and the roll-back goes on." : "The step fails. What was completed before is undone where it has a compensation.";
  }
}

export function answer(id: string, choice: Choice, comment: string, key: string, data?: Json): Promise<unknown> {
  const params = { path: { id }, header: { "Idempotency-Key": key } };
  const body = data === undefined ? { choice, comment } : { choice, comment, data };
  if (choice === "fail" || choice === "reject") return take(api.POST("/api/v1/decisions/{id}/reject", { params, body }));
  return choice === "amend"
    ? take(api.POST("/api/v1/decisions/{id}/amend", { params, body }))
    : take(api.POST("/api/v1/decisions/{id}/approve", { params, body }));
}

/** Decisions that are alike, and what is to be said to all of them. */
export interface Question {
  readonly ids: readonly string[];
  /** What is decided, for the title. */
  readonly what: string;
  readonly kind: string;
  /** What an amended answer begins with. */
  readonly data?: Json;
  /** The schema that it must fit. */
  readonly form?: Json;
}

export type Ask = (question: Question, choice: Choice) => void;

/** The buttons for one decision or many that are alike. */
export function Answers({ question, onAsk }: { readonly question: Question; readonly onAsk: Ask }): JSX.Element {
  const count = question.ids.length;
  return (
    <span className="flex shrink-0 gap-1.5">
      {choicesOf(question.kind).filter((choice) => !bringsData(choice)).map((choice) => (
        <Button key={choice} small look={lookOf(choice)} title={consequence(choice, question.kind)} onClick={() => onAsk(question, choice)}>
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

function AnswerDialog({ ids, what, kind, choice, data = null, form = null, onClose }: AnswerDialogProps): JSX.Element {
  const [key] = useState(newKey);
  const keyOf = useRequestKeys();
  const [given, setGiven] = useState<Json | undefined>(() => firstValue(form, data));
  const name = CHOICE_NAMES[choice];
  const danger = lookOf(choice) === "danger";
  const [only] = ids;
  if (ids.length > 1) {
    return (
      <BulkDialog title={`${name}: ${exact(ids.length)} × ${what}`} verb={name} danger={danger} ids={ids} act={(id, comment) => answer(id, choice, comment, `${key}/${id}`)} onClose={onClose}>
        {consequence(choice, kind)} This holds for each of the {exact(ids.length)}; one that somebody answered meanwhile keeps that answer.
      </BulkDialog>
    );
  }
  const brings = bringsData(choice);
  return (
    <Confirm title={`${name}: ${what}`} verb={name} danger={danger} wide={brings} disabled={brings && given === undefined} reasonLabel="Comment (for the record)" onClose={onClose} act={async (comment) => {
      const sent = brings ? given : undefined;
      if (only !== undefined) await answer(only, choice, comment, keyOf([choice, comment, sent ?? null]), sent);
    }}>
      {consequence(choice, kind)}
      {brings && (
        <div className="mt-3"><SchemaInput schema={form} start={data} label={choice === "supply" ? "The output, in JSON" : "The data, in JSON"} tried onChange={setGiven} /></div>
      )}
    </Confirm>
  );
}
