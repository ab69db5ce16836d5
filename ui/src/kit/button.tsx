import type { ButtonHTMLAttributes, JSX } from "react";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: "plain" | "main" | "danger" | "quiet";
  readonly small?: boolean;
}

const LOOKS = {
  plain: "border-line-strong bg-raised hover:bg-hover text-ink",
  main: "border-accent bg-accent hover:bg-accent-hover hover:border-accent-hover text-on-accent",
  danger: "border-line-strong bg-raised hover:bg-hover text-failed",
  quiet: "border-transparent hover:bg-hover text-muted hover:text-ink",
} as const;

export function buttonClass(look: keyof typeof LOOKS = "plain", small = false): string {
  const size = small ? "h-7 px-2 text-sm" : "h-8 px-3";
  return `inline-flex items-center justify-center gap-1.5 rounded border font-medium whitespace-nowrap select-none ${size} ${LOOKS[look]} disabled:opacity-50 disabled:pointer-events-none`;
}

export function Button({ look = "plain", small = false, className = "", type = "button", ...rest }: ButtonProps): JSX.Element {
  return <button type={type} className={`${buttonClass(look, small)} ${className}`} {...rest} />;
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** What it does, for those who do not see the icon, and on hover. */
  readonly label: string;
}

export function IconButton({ label, className = "", type = "button", ...rest }: IconButtonProps): JSX.Element {
  return (
    <button type={type} aria-label={label} title={label}
      className={`inline-flex size-8 shrink-0 items-center justify-center rounded text-muted hover:bg-hover hover:text-ink disabled:opacity-50 ${className}`} {...rest} />
  );
}
