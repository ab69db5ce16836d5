import { useEffect, useRef, useState } from "react";

export interface Position {
  /** The record that is looked at. */
  readonly seq: number;
  readonly isLive: boolean;
  readonly go: (seq: number | undefined) => void;
}

const WRITE_AFTER = 200;

/**
 * The place in the history that the page shows: the newest record, or one that was chosen. It moves at once; the
 * address follows when the hand rests.
 */
export function usePosition(written: string | undefined, end: number, write: (at: string | undefined) => void): Position {
  const [chosen, setChosen] = useState<number | undefined>(() => parse(written));
  const own = useRef(written);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    // Somebody else changed the address: back, forward, a link.
    if (written === own.current) return;
    own.current = written;
    setChosen(parse(written));
  }, [written]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const go = (seq: number | undefined): void => {
    const next = seq === undefined || seq >= end ? undefined : Math.max(1, seq);
    setChosen(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      own.current = next === undefined ? undefined : String(next);
      write(own.current);
    }, WRITE_AFTER);
  };
  const isLive = chosen === undefined || chosen > end;
  return { seq: isLive ? end : chosen, isLive, go };
}

function parse(written: string | undefined): number | undefined {
  const seq = Number(written);
  return written !== undefined && Number.isInteger(seq) && seq > 0 ? seq : undefined;
}
