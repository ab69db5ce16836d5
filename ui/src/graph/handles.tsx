import { Handle, Position } from "@xyflow/react";
import type { JSX } from "react";
import type { Direction } from "../model/layout";

/** Where lines come in and go out. */
export function Handles({ direction, block = false }: { readonly direction: Direction; readonly block?: boolean }): JSX.Element {
  const [start, end, side] = direction === "right" ? [Position.Left, Position.Right, Position.Bottom] : [Position.Top, Position.Bottom, Position.Right];
  return (
    <>
      <Handle id="in" type="target" position={start} />
      <Handle id="out" type="source" position={end} />
      <Handle id="below" type="source" position={side} />
      <Handle id="under" type="target" position={side} />
      {block && <Handle id="enter" type="source" position={start} className="inward" />}
      {block && <Handle id="leave" type="target" position={end} className="inward" />}
    </>
  );
}
