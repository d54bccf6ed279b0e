// Facts about a build of ffmpeg are found out once in this process: its lists and the rules it follows do not change while
// its file stays the same.
import { stat } from "node:fs/promises";

export class BuildFacts<T> {
  readonly #known = new Map<string, Promise<T>>();

  /**
   * What `find` found for this program. `find` outlives a caller that stops waiting, since others may wait for the same; a
   * failure is not kept. Errors: those of `find`, and the signal's reason.
   */
  async of(program: string, find: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const key = await identityOf(program);
    const known = this.#known.get(key) ?? find();
    this.#known.set(key, known);
    known.catch(() => {
      if (this.#known.get(key) === known) this.#known.delete(key);
    });
    return await unlessAborted(known, signal);
  }
}

/** Another file at the same path is another build; one that can't be looked at fails in its own words when it is run. */
export async function identityOf(program: string): Promise<string> {
  const found = await stat(program).catch(() => null);
  return JSON.stringify([program, found?.size, found?.mtimeMs, found?.ctimeMs]);
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
