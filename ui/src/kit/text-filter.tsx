import { useEffect, useState, type JSX, type RefObject } from "react";

interface TextFilterProps {
  readonly value: string;
  readonly placeholder: string;
  readonly className?: string;
  /** What it is, where no label says so. */
  readonly label?: string;
  readonly onChange: (value: string) => void;
  readonly ref_?: RefObject<HTMLInputElement | null>;
}

const PAUSE = 250;

/** What is typed holds after a short pause, so that not every letter asks the server. */
export function TextFilter({ value, placeholder, className = "", label, onChange, ref_ }: TextFilterProps): JSX.Element {
  const [typed, setTyped] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    setTyped(value);
  }
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => onChange(typed.trim()), PAUSE);
    return () => clearTimeout(timer);
  }, [typed, value, onChange]);
  return <input {...(ref_ === undefined ? {} : { ref: ref_ })} aria-label={label} className={`field ${className}`} placeholder={placeholder} value={typed} onChange={(event) => setTyped(event.target.value)} />;
}
