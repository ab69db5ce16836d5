import { useState, useSyncExternalStore, type JSX } from "react";
import { session } from "../api/session";
import { Button } from "../kit/button";
import { Dialog } from "../kit/dialog";

/** Asks for a token where the server is configured with callers. It is kept for this tab only. */
export function SignIn(): JSX.Element | null {
  const { wanted, token } = useSyncExternalStore(session.subscribe, () => session.now);
  const [typed, setTyped] = useState("");
  if (!wanted) return null;
  const close = (): void => (token === undefined ? session.signOut() : session.signIn(token));
  return (
    <Dialog title="Sign in" open onClose={close}>
      <form className="flex flex-col gap-4" onSubmit={(event) => {
        event.preventDefault();
        if (typed.trim() === "") return;
        session.signIn(typed.trim());
        setTyped("");
      }}>
        <p className="text-muted">
          {token === undefined
            ? "Paste the token of one of the server's callers. What you do is recorded under that caller's name."
            : "The server does not know this token. It may have been replaced in its configuration; paste the present one."}
        </p>
        <label className="flex flex-col gap-1">
          <span className="text-sm text-muted">Token</span>
          <input className="field font-mono" type="password" autoComplete="off" autoFocus value={typed} onChange={(event) => setTyped(event.target.value)} />
        </label>
        <p className="text-sm text-faint">It stays in this tab until the tab is closed. Tokens are listed by their hash under <code>tokens</code> in the server's configuration file.</p>
        <div className="flex justify-end gap-2">
          <Button onClick={close}>Not now</Button>
          <Button type="submit" look="main">Sign in</Button>
        </div>
      </form>
    </Dialog>
  );
}
