import { describe, expect, test } from "bun:test";
import { ClockProgress } from "../../clock/clock-progress.ts";
import { checkSteps, type StepsInput, togetherSeconds } from "./check-steps.ts";

/** Times of pictures 40 ms apart. */
function pictures(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, n) => from + n * 0.04);
}

const EIGHT_SECONDS: StepsInput = {
  shown: pictures(200),
  tick: 0.001,
  picture: { seconds: 7.96, ticks: 7.96 / 199 / 0.001, ticksInARow: 0, close: { apart: 0, doubles: 0 } },
  sounds: [{ stream: 1, source: 8, output: 8.04 }],
};

describe("holds", () => {
  test("an ordinary film", () => expect(checkSteps(EIGHT_SECONDS).ok).toBe(true));
  test("pictures of one time, moved a tick apart, here and there", () => {
    const shown = pictures(100).flatMap((at) => [at, at + 0.001]);
    expect(
      checkSteps({
        ...EIGHT_SECONDS,
        shown,
        picture: { seconds: 4, ticks: 4 / 199 / 0.001, ticksInARow: 0, close: { apart: 0, doubles: 100 } },
        sounds: [],
      }).ok,
    ).toBe(true);
  });
  test("a thousand pictures a second", () => {
    const shown = Array.from({ length: 500 }, (_, n) => n / 1000);
    expect(
      checkSteps({
        ...EIGHT_SECONDS,
        shown,
        picture: { seconds: 0.5, ticks: 0.5 / 499 / 0.001, ticksInARow: 0, close: { apart: 499, doubles: 0 } },
        sounds: [],
      }).ok,
    ).toBe(true);
  });
  test("the last pictures of a film, which a decoder gives without a clock", () => {
    const tick = 1 / 90_000;
    const shown = [...pictures(198), 7.88 + tick, 7.88 + 2 * tick];
    expect(checkSteps({ ...EIGHT_SECONDS, tick, shown }).ok).toBe(true);
    expect(checkSteps({ ...EIGHT_SECONDS, shown: [...pictures(199), 7.921] }).ok).toBe(true);
  });
  test("a pause in an AVI, where every picture lasts a tick", () => {
    const shown = [0, ...Array.from({ length: 7 }, (_, n) => 0.54 + n * 0.02)];
    const picture = { seconds: 0.66, ticks: 0.66 / 7 / 0.02, ticksInARow: 6, close: { apart: 6, doubles: 0 } };
    const film = { shown, tick: 0.02, picture, sounds: [] };
    expect(checkSteps(film).ok).toBe(true);
    expect(checkSteps({ ...film, picture: { ...picture, ticksInARow: 0 } }).ok).toBe(false);
  });
  test("a source of which nothing is known says so", () => {
    const check = checkSteps({ ...EIGHT_SECONDS, picture: null });
    expect(check).toMatchObject({ ok: true, detail: expect.stringContaining("not measured") });
  });
});

describe("fails the job", () => {
  test("two recordings in the time of one: half of the pictures a tick apart", () => {
    const first = pictures(100);
    const shown = [...first, ...first.map((_, n) => 3.961 + n * 0.001)];
    const check = checkSteps({ ...EIGHT_SECONDS, shown });
    expect(check.ok).toBe(false);
    expect(check.detail).toContain("are a tick apart");
    expect(check.detail).toContain("the pictures last 4.06 s, their packets 7.96 s");
  });
  test("three pictures at one time where the packets have three", () => {
    const shown = [0, 0.12, 0.121, 0.122, ...pictures(196, 0.16)];
    expect(checkSteps({ ...EIGHT_SECONDS, shown })).toMatchObject({
      ok: false,
      detail: "pictures 1 to 3 are a tick apart",
    });
  });
  test("the last pictures of a film where the tick is coarse: the third is two milliseconds from its time", () => {
    const shown = [...pictures(198), 7.881, 7.882];
    const check = checkSteps({ ...EIGHT_SECONDS, shown });
    expect(check).toMatchObject({ ok: false, detail: expect.stringContaining("pictures 197 to 199 are a tick apart") });
    // Packets may stand as close themselves.
    const picture = { seconds: 7.96, ticks: 7.96 / 199 / 0.001, ticksInARow: 0, close: { apart: 2, doubles: 0 } };
    expect(checkSteps({ ...EIGHT_SECONDS, shown, picture }).ok).toBe(true);
  });
  test("three packets of one time in milliseconds", () => {
    const picture = { seconds: 7.96, ticks: 7.96 / 199 / 0.001, ticksInARow: 0, close: { apart: 0, doubles: 2 } };
    const shown = [0, 0.12, 0.121, 0.122, ...pictures(196, 0.16)];
    expect(checkSteps({ ...EIGHT_SECONDS, shown, picture }).ok).toBe(false);
  });
  test("every third picture at the time of the one before, as of MPEG-4 with times in decoding order", () => {
    const shown = pictures(201).map((at, n) => (n % 3 === 2 ? at - 0.039 : at));
    const check = checkSteps({ ...EIGHT_SECONDS, shown });
    expect(check).toMatchObject({ ok: false, detail: expect.stringContaining("67 pictures are a tick behind") });
  });
  test("half of the sound gone", () => {
    const check = checkSteps({ ...EIGHT_SECONDS, sounds: [{ stream: 1, source: 8, output: 4.03 }] });
    expect(check).toMatchObject({ ok: false, detail: "sound 1 lasts 4.03 s, its packets 8.00 s" });
  });
});

describe("what packets last together", () => {
  function secondsOf(times: readonly number[]): number {
    const progress = new ClockProgress(0.001);
    for (const at of times) progress.add(at, 40);
    return progress.total / 1000;
  }
  const second = Array.from({ length: 25 }, (_, n) => n * 40);
  test("one clock", () => expect(secondsOf(second)).toBe(0.96));
  test("one that begins anew", () => expect(secondsOf([...second, ...second])).toBe(1.96));
  test("one that leaps an hour", () => {
    expect(secondsOf([...second, ...second.map((at) => at + 3_600_000)])).toBe(1.96);
  });
  test("times that lie a little apart", () => expect(secondsOf([0, 40, 30, 120])).toBe(0.12));
});

test("packets a tick apart count in a row where they say that they last no longer", () => {
  const rowOf = (duration: number, times: readonly number[]) => {
    const progress = new ClockProgress(0.02);
    for (const at of times) progress.add(at, duration);
    return progress.ticksInARow;
  };
  expect(rowOf(1, [0, 27, 28, 29, 35, 36])).toBe(2);
  // Times that a muxer put a tick behind one another for want of right ones.
  expect(rowOf(2, [0, 1, 2, 3])).toBe(0);
});

test("pictures that are decoded before a pause and shown behind it last no longer than what is shown", () => {
  const togetherOf = (decoded: readonly number[], shown: readonly number[]) => {
    const progress = new ClockProgress(0.001);
    for (const at of decoded) progress.add(at, 40);
    return togetherSeconds({ seconds: progress.total / 1000, isBroken: progress.isBroken }, shown);
  };
  expect(togetherOf([-2700, -2600, 0, 80, 2700, 2800], [0, 0.08, 2.7, 2.8, 2.9, 4])).toBe(4);
  expect(togetherOf([0, 2000, 4000, 0, 2000, 4000], [0, 2, 4])).toBe(8.04);
});
