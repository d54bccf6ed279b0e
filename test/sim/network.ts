// Loses and doubles messages of a simulated cluster, and counts them: by chance, and at least one in each block of
// messages, so that no cluster has a good network.
import type { Random } from "./random.ts";

/** Small enough for one in a hundred over a whole cluster, even if the last block is cut off. */
const BLOCK = 60;

export class Network {
  sent = 0;
  /** Lost or doubled. */
  harmed = 0;
  #victim = -1;

  /** `rate`: the probability that it is lost, and again that it is doubled. */
  fate(random: Random, rate: number): "lost" | "doubled" | "whole" {
    const place = this.sent++ % BLOCK;
    if (place === 0) this.#victim = random.whole(0, BLOCK - 1);
    const isVictim = place === this.#victim;
    const isLost = random.chance(isVictim ? 0.5 : rate);
    if (!isLost && !isVictim && !random.chance(rate)) return "whole";
    this.harmed++;
    return isLost ? "lost" : "doubled";
  }
}
