import { Dialog as Base } from "@base-ui/react/dialog";
import { useRef, type JSX, type ReactNode } from "react";
import { IconButton } from "./button";
import * as icons from "./icons";

interface DialogProps {
  readonly title: string;
  readonly open: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly wide?: boolean;
}

const BACKDROP = "fixed inset-0 z-40 bg-shade";

/** A question in the middle; on a phone a sheet from below. */
export function Dialog({ title, open, onClose, children, wide = false }: DialogProps): JSX.Element {
  const body = useRef<HTMLDivElement>(null);
  return (
    <Base.Root open={open} onOpenChange={(next) => {
      if (!next) onClose();
    }}>
      <Base.Portal>
        <Base.Backdrop className={BACKDROP} />
        <Base.Popup initialFocus={() => body.current?.querySelector<HTMLElement>("input, textarea, select, button[type=submit]") ?? body.current ?? true} className={`fixed z-50 flex max-h-[85dvh] flex-col rounded border border-line bg-raised shadow-float outline-none max-sm:inset-x-0 max-sm:bottom-0 max-sm:rounded-b-none sm:top-[12dvh] sm:left-1/2 sm:-translate-x-1/2 ${wide ? "sm:w-[720px]" : "sm:w-[480px]"}`}>
          <header className="flex items-center gap-2 border-b border-line py-2 pr-2 pl-4">
            <Base.Title className="min-w-0 flex-1 truncate font-semibold">{title}</Base.Title>
            <IconButton label="Close" onClick={onClose}><icons.Close /></IconButton>
          </header>
          <div ref={body} tabIndex={0} className="overflow-y-auto p-4 outline-none">{children}</div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
