// Wrong tokens, counted for each address: the answers to one that goes on guessing come slower, and the log names it.
import { delay } from "../base/clock.ts";
import type { Log } from "../base/log.ts";

/** A person may mistype a few times. */
const FREE_TRIES = 5;
const LONGEST_WAIT_MS = 5000;
const FORGIVEN_AFTER_MS = 60_000;
const MOST_ADDRESSES = 1000;

interface Guesses {
  count: number;
  lastAtMs: number;
}

export class WrongTokens {
  readonly #log: Log;
  readonly #byAddress = new Map<string, Guesses>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Resolves when the refusal may be sent. */
  async slow(address: string): Promise<void> {
    const now = performance.now();
    const known = this.#byAddress.get(address);
    const guesses = known !== undefined && now - known.lastAtMs < FORGIVEN_AFTER_MS ? known : { count: 0, lastAtMs: 0 };
    guesses.count += 1;
    guesses.lastAtMs = now;
    this.#byAddress.delete(address);
    this.#byAddress.set(address, guesses);
    const [oldest] = this.#byAddress.keys();
    if (this.#byAddress.size > MOST_ADDRESSES && oldest !== undefined) this.#byAddress.delete(oldest);
    // The first, the tenth, the hundredth: the log must not be filled with them.
    if (/^10*$/.test(String(guesses.count)))
      this.#log.warn(`a wrong token came from ${address}`, { times: guesses.count });
    const waitMs = guesses.count <= FREE_TRIES ? 0 : 100 * 2 ** Math.min(10, guesses.count - FREE_TRIES);
    if (waitMs > 0) await delay(Math.min(LONGEST_WAIT_MS, waitMs));
  }
}
