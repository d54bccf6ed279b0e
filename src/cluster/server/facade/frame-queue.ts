// Who may have how many pictures made at a time: one for each token, two in all; and those made last, so that a slider that
// goes back costs nothing.
import { AppError } from "../../../base/errors.ts";
import { Limit } from "../limit.ts";

type Picture = Uint8Array<ArrayBuffer>;

const AT_A_TIME = 2;
/** Of one token. */
const MOST_WAITING = 8;
const KEPT_BYTES = 64 * 1024 * 1024;

export class FrameQueue {
  readonly #all = new Limit(AT_A_TIME);
  readonly #ofToken = new Map<string, Limit>();
  /** The one asked for last at the end. */
  readonly #kept = new Map<string, Picture>();
  #keptBytes = 0;

  /** Errors: E_BUSY, E_INTERRUPTED, those of `make`. */
  async run(tokenId: string, key: string, signal: AbortSignal, make: () => Promise<Picture>): Promise<Picture> {
    const known = this.#recall(key);
    if (known !== null) return known;
    const own = this.#ofToken.get(tokenId) ?? new Limit(1);
    this.#ofToken.set(tokenId, own);
    if (own.waiting >= MOST_WAITING) {
      const message = `${MOST_WAITING} pictures already wait for this token`;
      throw new AppError("E_BUSY", message, "Try again in a moment.", { retry: true });
    }
    const once = async () => {
      if (signal.aborted) throw new AppError("E_INTERRUPTED", "nobody waits for this picture", "Ask again.");
      const picture = this.#recall(key) ?? (await make());
      this.#keep(key, picture);
      return picture;
    };
    try {
      return await own.run(() => this.#all.run(once));
    } finally {
      if (own.isIdle) this.#ofToken.delete(tokenId);
    }
  }

  #recall(key: string): Picture | null {
    const picture = this.#kept.get(key);
    if (picture === undefined) return null;
    this.#kept.delete(key);
    this.#kept.set(key, picture);
    return picture;
  }

  #keep(key: string, picture: Picture): void {
    if (this.#kept.has(key)) return;
    this.#kept.set(key, picture);
    this.#keptBytes += picture.length;
    for (const [oldest, { length }] of this.#kept) {
      if (this.#keptBytes <= KEPT_BYTES) return;
      this.#kept.delete(oldest);
      this.#keptBytes -= length;
    }
  }
}
