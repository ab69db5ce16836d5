/** The same act on many things, a few at a time; what is refused is told by name and stops nothing. */

export interface BulkFailure {
  readonly id: string;
  readonly error: unknown;
}

export interface BulkProgress {
  readonly total: number;
  readonly done: number;
  readonly failures: readonly BulkFailure[];
  readonly finished: boolean;
}

export async function actOnAll(
  ids: readonly string[],
  act: (id: string) => Promise<unknown>,
  options: { readonly atOnce: number; readonly signal: AbortSignal; readonly onProgress: (progress: BulkProgress) => void },
): Promise<BulkProgress> {
  const failures: BulkFailure[] = [];
  let next = 0;
  let done = 0;
  const progress = (finished: boolean): BulkProgress => ({ total: ids.length, done, failures: [...failures], finished });
  const worker = async (): Promise<void> => {
    while (next < ids.length && !options.signal.aborted) {
      const id = ids[next] as string;
      next += 1;
      await act(id).catch((error: unknown) => failures.push({ id, error }));
      done += 1;
      options.onProgress(progress(false));
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.atOnce, ids.length) }, worker));
  const last = progress(true);
  options.onProgress(last);
  return last;
}
