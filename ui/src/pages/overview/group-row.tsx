import type { JSX, ReactNode } from "react";
import { Moment } from "../../kit/time";
import { exact } from "../../model/time";
import type { Trouble } from "../../model/trouble";

const MINUTE = 60_000;

interface GroupRowProps {
  readonly icon: JSX.Element;
  readonly count: number;
  readonly name: string;
  /** Where it failed; empty: that is not known. */
  readonly at: string;
  readonly group: Pick<Trouble<unknown>, "since" | "last" | "errorType" | "message">;
  /** What can be done with all of them. */
  readonly children: ReactNode;
}

/** What is alike, in one row: how many, where, since when, why, and what can be done. */
export function GroupRow({ icon, count, name, at, group: { since, last, errorType, message }, children }: GroupRowProps): JSX.Element {
  return (
    <li className="grid grid-cols-[auto_minmax(0,1fr)] items-center gap-x-3 gap-y-1.5 border-b border-line px-4 py-2.5 last:border-b-0 md:grid-cols-[auto_48px_minmax(0,1fr)_auto]">
      {icon}
      <span className="text-lg font-semibold max-md:hidden">{exact(count)}</span>
      <div className="min-w-0">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-semibold md:hidden">{exact(count)} ×</span>
          <span className="font-medium">{name}</span>{at !== "" && <span className="text-muted">at {at}</span>}
          <span className="text-sm text-faint">since <Moment at={since} />{last - since > MINUTE && <>, last <Moment at={last} /></>}</span>
        </p>
        <p className="truncate text-sm text-muted" title={message}><code className="text-failed">{errorType}</code> {message}</p>
      </div>
      <div className="flex flex-wrap items-center gap-1.5 max-md:col-start-2">{children}</div>
    </li>
  );
}
