// What a seed says of a chaos run before it begins: which accidents, in which order, and for each its own random numbers,
// so that nothing that happens on the machine meanwhile changes what comes next.
import { Random } from "../sim/random.ts";
import { ACCIDENTS, type Accident } from "./accidents.ts";

export interface Chapter {
  readonly accident: Accident;
  /** Before it happens. */
  readonly waitMs: number;
  /** Whom it strikes and how long it lasts. */
  readonly random: Random;
}

/** Each accident before any comes again, without end. */
export function* tellStory(seed: number, accidents: readonly Accident[] = ACCIDENTS): Generator<Chapter> {
  const random = new Random(seed);
  for (;;) {
    const left = [...accidents];
    while (left.length > 0) {
      const [accident] = left.splice(random.whole(0, left.length - 1), 1);
      if (accident !== undefined) yield { accident, waitMs: random.between(100, 1500), random: random.fork() };
    }
  }
}

/** For what the line of the `index`-th client damages and holds up. */
export function lineRandom(seed: number, index: number): () => number {
  const random = new Random(seed ^ Math.imul(index, 0x9e37_79b1));
  return () => random.next();
}
