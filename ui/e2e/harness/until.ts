const DEADLINE = 30_000;
const PAUSE = 20;

/** Asks again until it holds, at most for the deadline; a failure to ask counts as not yet. */
export async function until(what: string, holds: () => Promise<boolean>, deadline = DEADLINE): Promise<void> {
  const end = performance.now() + deadline;
  let last: unknown;
  while (performance.now() < end) {
    try {
      if (await holds()) return;
    } catch (error) {
      last = error;
      if (error instanceof Error && error.message.startsWith("the server ended")) throw error;
    }
    await new Promise((next) => setTimeout(next, PAUSE));
  }
  throw new Error(`expected that ${what} within ${String(deadline)} ms, but it did not come about`, { cause: last });
}
