import { describe, expect, test } from "bun:test";
import { alignRuns, overlapsOf } from "./align-sound.ts";
import { measureLag } from "./audio-lag.ts";
import { LAG_SAMPLE_RATE, parseSampleRuns } from "./decode-sound.ts";

/** Noise that is the same in every run. */
function noise(length: number): Int16Array {
  let state = 1;
  return Int16Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return (state % 20_000) - 10_000;
  });
}

function tone(length: number, hertz: number, shift = 0): Int16Array {
  return Int16Array.from({ length }, (_, n) => 8000 * Math.sin((2 * Math.PI * hertz * (n + shift)) / LAG_SAMPLE_RATE));
}

function late(samples: Int16Array, by: number): Int16Array {
  const moved = new Int16Array(samples.length);
  moved.set(samples.subarray(0, samples.length - by), by);
  return moved;
}

describe("measureLag", () => {
  const sound = noise(5 * LAG_SAMPLE_RATE);
  test("equal", () => expect(measureLag(sound, sound)).toEqual({ lagMs: 0 }));
  test("21.3 ms late, the lost priming of AAC", () =>
    expect(measureLag(sound, late(sound, 341))).toEqual({ lagMs: 21.3125 }));
  test("a steady tone a fraction of a sample off is not a period off", () => {
    expect(measureLag(tone(48_000, 500), tone(48_000, 500, 0.4))).toEqual({ lagMs: 0 });
  });
  test("sound that goes on behind a pause at a time that a container rounded", () => {
    const [first, pause, second] = [5120, 9216, 5800];
    const pieces = (late: number, early: number) => {
      const samples = new Int16Array(300 + first + pause + second);
      samples.set(tone(first, 600), 300 + late);
      samples.set(tone(second, 700), 300 + first + pause - early);
      return samples;
    };
    expect(measureLag(pieces(0, 0), pieces(6, 4))).toEqual({ lagMs: -0.25 });
    expect(measureLag(pieces(0, 0), late(pieces(0, 0), 341)).lagMs).not.toBe(0);
  });
  test("sound that goes on behind one lost frame at a time that a container rounded", () => {
    const whole = tone(52_000, 880);
    const lossy = (moved: number) => {
      const samples = new Int16Array(52_000);
      samples.set(whole.subarray(0, 5300), 4500);
      samples.set(whole.subarray(5684, 47_500 - moved), 4500 + 5684 + moved);
      return samples;
    };
    expect(measureLag(lossy(0), lossy(5))).toEqual({ lagMs: 0.3125 });
  });
  test("what is said twice where the clock goes back lies elsewhere in the output", () => {
    const whole = noise(6700);
    // The second piece goes back by 500 at 5800, to what it said twice; the muxer moves that on.
    const pieces = (moved: number) => {
      const samples = new Int16Array(20_000);
      samples.set(whole.subarray(0, 3000), 300);
      samples.set(whole.subarray(3000, 4500), 4300);
      samples.set(whole.subarray(4500), 5300 + moved);
      return samples;
    };
    const runs = [
      { pts: 300, samples: 3000 },
      { pts: 4300, samples: 1500 },
      { pts: 5300, samples: 2200 },
    ];
    const overlaps = overlapsOf({ runs }, 0, { num: 1, den: LAG_SAMPLE_RATE });
    expect(overlaps).toEqual([{ from: 5300, to: 5800 }]);
    expect(measureLag(pieces(0), pieces(150)).lagMs).not.toBe(0);
    expect(measureLag(pieces(0), pieces(150), overlaps)).toEqual({ lagMs: 0 });
    expect(measureLag(pieces(0), late(pieces(150), 341), overlaps)).toEqual({ lagMs: 21.3125 });
  });
  test("silence and strangers say nothing", () => {
    expect(measureLag(new Int16Array(48_000), new Int16Array(48_000)).lagMs).toBeNull();
    expect(measureLag(sound, tone(5 * LAG_SAMPLE_RATE, 440)).lagMs).toBeNull();
  });
});

test("samples go where their timestamps say", () => {
  const runs = parseSampleRuns("#tb 0: 1/16000\n0, -2, -2, 3, 6, aa\n0, 40, 40, 2, 4, bb\n");
  expect(runs).toEqual([
    { pts: -2, samples: 3 },
    { pts: 40, samples: 2 },
  ]);
  const placed = alignRuns(Int16Array.of(1, 2, 3, 4, 5), runs, 0);
  expect([...placed]).toEqual([3, ...new Array<number>(39).fill(0), 4, 5]);
});

test("a clock of milliseconds does not tear the sound apart", () => {
  const samples = Int16Array.from({ length: 300 }, (_, n) => n + 1);
  const runs = [
    { pts: 0, samples: 100 },
    { pts: 92, samples: 100 },
    { pts: 207, samples: 100 },
  ];
  expect([...alignRuns(samples, runs, 0).subarray(0, 300)]).toEqual([...samples]);
  const drifted = [0, 100, 250].map((pts) => ({ pts, samples: 100 }));
  expect(alignRuns(samples, drifted, 0)[250]).toBe(201);
});

test.each([
  [1024, 44_100],
  [1152, 44_100],
  [1536, 44_100],
  [1024, 48_000],
])("packets of %d samples at %d Hz keep their wave on a clock of milliseconds", (packet, rate) => {
  const ends = Array.from({ length: 41 }, (_, n) => Math.round((n * packet * LAG_SAMPLE_RATE) / rate));
  const runs = ends.slice(0, -1).map((end, n) => {
    const ms = Math.floor((n * packet * 1000) / rate);
    return { pts: (ms * LAG_SAMPLE_RATE) / 1000, samples: (ends[n + 1] ?? 0) - end };
  });
  const samples = Int16Array.from({ length: ends.at(-1) ?? 0 }, (_, n) => n + 1);
  const placed = alignRuns(samples, runs, 0);
  const torn = placed.filter((sample, n) => n > 0 && sample - (placed[n - 1] ?? 0) !== 1);
  // The rounding of the first packet may be mended once.
  expect(torn.length).toBeLessThanOrEqual(LAG_SAMPLE_RATE / 1000);
});

/** How far each run of `length` samples begins from where the one before it ends. */
function apart(offsets: readonly number[], length: number) {
  return offsets.map((offset, n) => ({ pts: n * length + offset, samples: length }));
}

test("behind a pause the first time may be rounded down and all others up", () => {
  const samples = Int16Array.from({ length: 12 * 341 }, (_, at) => at + 1);
  // After 0.427 s where it is 0.4266 s, times come 11 and 8 samples late in turn.
  const pts = (number: number) => 1000 + number * 341 + (number === 0 ? 0 : 8 + 3 * (number % 2));
  const runs = Array.from({ length: 12 }, (_, number) => ({ pts: pts(number), samples: 341 }));
  expect(alignRuns(samples, runs, 1000).subarray(0, samples.length)).toEqual(samples);
});

test("roundings to a millisecond that all lie behind the first one's are no step: those before them did too", () => {
  const once = [6, 6, 6, 11, 11, 11, 9, 6, 2, 7, 7, 7, 12, 12, 12, 10, 7, 3, 8, 8, 8, 14, 14, 14, 11, 8, 4];
  const rounded = apart([0, 0, 0, ...once, 8, 8, 8, 14, 14, 14, 11, 8, 4, 9, 9, 9, 14, 14, 14, 11, 8, 5], 370);
  const samples = Int16Array.from({ length: rounded.length * 370 }, (_, n) => n + 1);
  expect(alignRuns(samples, rounded, 0).subarray(0, samples.length)).toEqual(samples);
  // With a step of 10 on top of them.
  const stepped = rounded.map(({ pts, samples: length }, n) => ({ pts: n < 24 ? pts : pts + 10, samples: length }));
  const placed = alignRuns(samples, stepped, 0);
  expect(placed.indexOf(26 * 370) - 26 * 370 + 1).toBeWithin(7, 14);
});

test("samples that ffmpeg loses where its filters are set up anew move nothing behind them", () => {
  const samples = Int16Array.from({ length: 1000 }, (_, n) => n + 1);
  const runs = Array.from({ length: 10 }, (_, n) => ({ pts: 100 * n + (n < 5 ? 0 : 15), samples: 100 }));
  const placed = alignRuns(samples, runs, 0);
  expect([placed[499], placed[500], placed[515]]).toEqual([500, 0, 501]);
});
