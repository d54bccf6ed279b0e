import { expect, test } from "bun:test";
import { soundDifferences } from "./compare-sound.ts";
import { HEARD_RATE, type Sound } from "./reading.ts";

/** Two seconds of a rising tone in frames of 1024 samples, whose times are rounded to `step` seconds. */
function tone(step: number, lateBy = 0): Sound {
  const samples = Int16Array.from({ length: 2 * HEARD_RATE }, (_, at) => {
    const seconds = at / HEARD_RATE;
    return 9000 * Math.sin(2 * Math.PI * (2000 * seconds + 500 * seconds * seconds));
  });
  const runs: Sound["runs"][number][] = [];
  for (let from = 0; from < samples.length; from += 1024) {
    const at = Math.round((from / HEARD_RATE + lateBy) / step) * step;
    runs.push({ at, samples: samples.subarray(from, from + 1024) });
  }
  return { rate: HEARD_RATE, runs };
}

test("times in whole milliseconds do not tear a wave apart", () => {
  expect(soundDifferences("sound", [tone(0.001), tone(1 / HEARD_RATE)], [0, 0])).toEqual([]);
});

test("the same 8 ms late is found", () => {
  const [found] = soundDifferences("sound", [tone(1 / HEARD_RATE, 0.008), tone(1 / HEARD_RATE)], [0, 0]);
  expect(found).toMatch(/^sound at 0\.\d s: ours is 8\.0 ms late$/);
});

test("what is within a millisecond of its place is there, though a tone is like itself some cycles on", () => {
  expect(soundDifferences("sound", [tone(1 / HEARD_RATE, 0.0007), tone(1 / HEARD_RATE)], [0, 0])).toEqual([]);
});
