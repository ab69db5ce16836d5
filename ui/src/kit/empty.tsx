import type { JSX, ReactNode } from "react";
import { CopyButton } from "./id";

interface EmptyProps {
  readonly title: string;
  readonly children: ReactNode;
  /** The command that fills the page. */
  readonly command?: string;
}

/** An empty page teaches: what it is for, and the command that fills it. */
export function Empty({ title, children, command }: EmptyProps): JSX.Element {
  return (
    <div className="mx-auto flex max-w-[560px] flex-col items-start gap-2 px-4 py-12">
      <h2 className="text-lg font-semibold">{title}</h2>
      <p className="text-muted">{children}</p>
      {command !== undefined && (
        <div className="mt-2 flex w-full items-center gap-2 rounded border border-line bg-sunken py-1.5 pr-2 pl-3">
          <code className="min-w-0 flex-1 wrap-anywhere whitespace-pre-wrap">{command}</code>
          <CopyButton text={command} what="the command" />
        </div>
      )}
    </div>
  );
}
