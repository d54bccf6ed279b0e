// Which files of a folder that is looked at again and again are fully written: their size and date have not changed for a
// while. Pure, and independent of the clocks of other machines: it counts its own time between looks.

interface Seen {
  readonly bytes: number;
  readonly mtimeMs: number;
  /** When it was seen in this state first. */
  readonly sinceMs: number;
  readonly isTaken: boolean;
}

export interface SeenFile {
  readonly path: string;
  readonly bytes: number;
  readonly mtimeMs: number;
}

export class StillFiles {
  #seen = new Map<string, Seen>();
  readonly #settleMs: number;

  constructor(settleMs: number) {
    this.#settleMs = settleMs;
  }

  /** One look at the whole folder. Returns those that are still for the first time in their state. */
  look<F extends SeenFile>(files: readonly F[], nowMs: number): F[] {
    const seen = new Map<string, Seen>();
    const still: F[] = [];
    for (const file of files) {
      const before = this.#seen.get(file.path);
      const isSame = before !== undefined && before.bytes === file.bytes && before.mtimeMs === file.mtimeMs;
      const sinceMs = isSame ? before.sinceMs : nowMs;
      const wasTaken = isSame && before.isTaken;
      const isStill = file.bytes > 0 && nowMs - sinceMs >= this.#settleMs;
      if (isStill && !wasTaken) still.push(file);
      seen.set(file.path, { bytes: file.bytes, mtimeMs: file.mtimeMs, sinceMs, isTaken: wasTaken || isStill });
    }
    this.#seen = seen; // what is gone is forgotten
    return still;
  }

  /** It was taken and came to nothing that lasts: the next look may take it again. */
  again(path: string): void {
    const seen = this.#seen.get(path);
    if (seen !== undefined) this.#seen.set(path, { ...seen, isTaken: false });
  }
}
