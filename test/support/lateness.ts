// How late this machine is just now: what a plain timer and a plain signal take here beyond what they should. For
// tests of a promise in seconds, which holds on a machine that has a core for it.

const TICK_MS = 20;

export class Lateness implements Disposable {
  #last = performance.now();
  #worstMs = 0;
  readonly #timer = setInterval(() => this.#look(), TICK_MS);

  #look(): void {
    const now = performance.now();
    this.#worstMs = Math.max(this.#worstMs, now - this.#last - TICK_MS);
    this.#last = now;
  }

  /** The latest that a timer of this process was so far, plus what ending a plain child takes now. */
  async worstMs(): Promise<number> {
    const child = Bun.spawn(["sleep", "60"], { stdin: "ignore" });
    const began = performance.now();
    child.kill("SIGTERM");
    await child.exited;
    const signalMs = performance.now() - began;
    this.#look();
    return this.#worstMs + signalMs;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/**
 * What happens, waited for with the patience that it has itself, must have happened within what is promised: with what
 * this machine is late by meanwhile on top.
 */
export async function withinPromise<T>(what: string, promisedMs: number, happens: () => Promise<T>): Promise<T> {
  using lateness = new Lateness();
  const began = performance.now();
  const happened = await happens();
  const tookMs = performance.now() - began;
  const lateMs = await lateness.worstMs();
  if (tookMs > promisedMs + lateMs) {
    const [took, late] = [tookMs, lateMs].map(Math.round);
    throw new Error(`${what} took ${took} ms, ${promisedMs} ms are promised, and a timer is ${late} ms late here`);
  }
  return happened;
}
