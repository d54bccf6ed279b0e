// A short chaos run in every `npm test`; `npm run test:chaos -- --minutes N` runs longer, with accidents that take
// longer than a lease. CHAOS_SEED plays a seed again.
import { expect, test } from "bun:test";
import { runChaos } from "./run-chaos.ts";

const MINUTES = Number(process.env.CHAOS_MINUTES ?? "0");
const isLong = MINUTES > 0;
/** The first accidents of its story: an ffmpeg that loses frames, a cut network, a client and the server killed. */
const SHORT_SEED = 3501;

test(
  "whatever happens, the job ends with the very frames of its source",
  async () => {
    const end = performance.now() + MINUTES * 60_000;
    let seed = Number(process.env.CHAOS_SEED ?? (isLong ? Date.now() % 1_000_000 : SHORT_SEED));
    do {
      const say = (line: string) => console.log(line);
      say(`chaos seed ${seed} (again with CHAOS_SEED=${seed})`);
      const size = isLong
        ? { accidentsMs: 45_000, frames: 1500, clients: 3, isLong }
        : { accidentsMs: 9000, frames: 300, clients: 2, isLong };
      const story = await runChaos({ seed, say, ...size });
      say(`  held: ${story.segments} segments in ${story.attempts} attempts, ${story.flipped} bytes were flipped`);
      expect(story.accidents.length).toBeGreaterThan(2);
      seed++;
    } while (performance.now() < end);
  },
  isLong ? MINUTES * 60_000 + 600_000 : 360_000,
);
