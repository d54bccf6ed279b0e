// A value that is made at the first request and shared by all later ones.

export class Once<T> {
  readonly #make: () => Promise<T>;
  #made: Promise<T> | null = null;

  constructor(make: () => Promise<T>) {
    this.#make = make;
  }

  /** A failure goes to those who wait for it; the next request tries again. */
  get(): Promise<T> {
    if (this.#made !== null) return this.#made;
    const made = this.#make();
    this.#made = made;
    made.catch(() => {
      if (this.#made === made) this.#made = null;
    });
    return made;
  }
}
