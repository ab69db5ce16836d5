import type { JSX, ReactNode } from "react";
import { explain } from "../api/problem";
import { Button } from "./button";
import * as icons from "./icons";

interface NoticeProps {
  readonly tone: "failed" | "waiting" | "human" | "plain";
  readonly children: ReactNode;
  readonly action?: ReactNode;
}

const TONES = {
  failed: "border-failed/40 tint-failed",
  waiting: "border-waiting/40 tint-waiting",
  human: "border-human/40 tint-human",
  plain: "border-line bg-raised",
} as const;

export function Notice({ tone, children, action }: NoticeProps): JSX.Element {
  return (
    <div className={`flex flex-wrap items-center gap-x-4 gap-y-2 rounded border px-3 py-2 ${TONES[tone]}`}>
      <div className="min-w-0 flex-1 basis-56">{children}</div>
      {action}
    </div>
  );
}

/** What went wrong, whose fault it probably is, and what to do. */
export function Failure({ error, retry }: { readonly error: unknown; readonly retry?: () => void }): JSX.Element {
  const { title, detail, code } = explain(error);
  return (
    <div role="alert" className="rounded border border-failed/40 tint-failed flex items-start gap-3 px-3 py-2">
      <icons.Octagon className="mt-0.5 text-failed" />
      <div className="min-w-0 flex-1">
        <p className="font-medium">{title}</p>
        <p className="break-words whitespace-pre-line text-muted">{detail}</p>
      </div>
      {code !== "" && <a className="text-sm text-accent-text underline" href={`/api/docs/errors/${code}`}>{code}</a>}
      {retry !== undefined && <Button small onClick={retry}>Try again</Button>}
    </div>
  );
}
