import type { JSX, ReactNode } from "react";

interface PageProps {
  readonly title: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  /** The content takes the whole height and scrolls by itself. */
  readonly filled?: boolean;
}

export function Page({ title, actions, children, filled = false }: PageProps): JSX.Element {
  return (
    <div className={`flex flex-col gap-4 p-4 lg:p-6 ${filled ? "h-full min-h-0" : "mx-auto w-full max-w-[1440px]"}`}>
      <div className="flex min-h-8 flex-wrap items-center gap-x-4 gap-y-2">
        <h1 className="max-w-full shrink-0 grow text-xl font-semibold tracking-[-0.01em]">{title}</h1>
        {actions}
      </div>
      {children}
    </div>
  );
}

interface PanelProps {
  readonly title?: ReactNode;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
  readonly flush?: boolean;
}

export function Panel({ title, aside, children, flush = false }: PanelProps): JSX.Element {
  return (
    <section className="min-w-0 rounded border border-line bg-raised">
      {title !== undefined && (
        <header className="flex min-h-10 flex-wrap items-center gap-x-3 border-b border-line px-4 py-1.5">
          <h2 className="min-w-0 flex-1 font-semibold">{title}</h2>
          <div className="text-sm text-muted">{aside}</div>
        </header>
      )}
      <div className={flush ? "" : "p-4"}>{children}</div>
    </section>
  );
}

/** Names with values, two columns. */
export function Facts({ items }: { readonly items: readonly (readonly [string, ReactNode])[] }): JSX.Element {
  return (
    <dl className="grid grid-cols-[minmax(88px,max-content)_1fr] items-baseline gap-x-4 gap-y-1">
      {items.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-sm text-faint">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Lines of a size that stay while their content is fetched. */
export function Skeleton({ lines = 3 }: { readonly lines?: number }): JSX.Element {
  return (
    <div className="flex flex-col gap-2" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => <div key={index} className="skeleton h-5" />)}
    </div>
  );
}
