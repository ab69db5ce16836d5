/** Who asks: a token kept for this tab only, and whether the server wants one. */

const KEY = "orchestrator.token";

export interface Session {
  readonly token: string | undefined;
  /** Set when the server refused to answer without a (known) token. */
  readonly wanted: boolean;
}

type Listener = () => void;

export class SessionStore {
  private readonly listeners = new Set<Listener>();
  private session: Session;

  constructor(private readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">) {
    this.session = { token: storage.getItem(KEY) ?? undefined, wanted: false };
  }

  get now(): Session {
    return this.session;
  }

  readonly subscribe = (listener: Listener): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  signIn(token: string): void {
    this.storage.setItem(KEY, token);
    this.change({ token, wanted: false });
  }

  signOut(): void {
    this.storage.removeItem(KEY);
    this.change({ token: undefined, wanted: false });
  }

  /** The server did not know who asks. */
  want(): void {
    if (!this.session.wanted) this.change({ ...this.session, wanted: true });
  }

  private change(session: Session): void {
    this.session = session;
    for (const listener of this.listeners) listener();
  }
}

export const session = new SessionStore(window.sessionStorage);
