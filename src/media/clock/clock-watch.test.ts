import { describe, expect, test } from "bun:test";
import { type ClockPacket, ClockWatch, describeBreak, isOfGuesses } from "./clock-watch.ts";

const VIDEO = { stream: 0, stepUs: 40_000 };
const SOUND = { stream: 1, stepUs: 21_333 };

/** Packets of these streams over `seconds`, interleaved by time, from `startUs` on. */
function recording(streams: readonly (typeof VIDEO)[], startUs: number, seconds: number): ClockPacket[] {
  return streams
    .flatMap(({ stream, stepUs }) =>
      Array.from({ length: Math.floor((seconds * 1e6) / stepUs) }, (_, n) => {
        return { stream, atUs: startUs + n * stepUs, durationUs: stepUs };
      }),
    )
    .sort((a, b) => a.atUs - b.atUs);
}

function watched(packets: readonly ClockPacket[]): ClockWatch {
  const watch = new ClockWatch();
  for (const packet of packets) watch.add(packet);
  return watch;
}

const BOTH = [VIDEO, SOUND];

describe("two recordings joined", () => {
  test("the clock goes back", () => {
    const watch = watched([...recording(BOTH, 1.4e6, 4), ...recording(BOTH, 1.4e6, 4)]);
    expect(watch.breaks().length).toBe(2);
    expect(watch.areTogether()).toBe(true);
    expect(describeBreak(watch.breaks()[0] ?? { stream: 0, atUs: 0, byUs: 0 })).toMatch(
      /^at 5\.3\d s its clock goes back by 3\.9\d s$/,
    );
  });
  test("the clock leaps forward by an hour", () => {
    const watch = watched([...recording(BOTH, 1.4e6, 4), ...recording(BOTH, 3601.4e6, 4)]);
    expect(watch.breaks().map(({ byUs }) => Math.round(byUs / 1e6))).toEqual([3596, 3596]);
    expect(watch.areTogether()).toBe(true);
  });
  test("without sound", () => {
    const back = watched([...recording([VIDEO], 0, 4), ...recording([VIDEO], 0, 4)]);
    const forward = watched([...recording([VIDEO], 0, 4), ...recording([VIDEO], 60e6, 4)]);
    expect([back.breaks().length, forward.breaks().length]).toEqual([1, 1]);
    expect(forward.areTogether()).toBe(true);
  });
  test("three of them", () => {
    const parts = [0, 100e6, 20e6].flatMap((at) => recording(BOTH, at, 2));
    expect(watched(parts).breaks().length).toBe(4);
    expect(watched(parts).areTogether()).toBe(true);
  });
});

describe("a stream that begins on another clock", () => {
  test("pictures an hour ahead of sound that goes on where it was", () => {
    const sound = recording([SOUND], 1.4e6, 1);
    const watch = watched([...sound.slice(0, 20), ...recording([VIDEO], 3600e6, 0.4), ...sound.slice(20)]);
    expect(watch.breaks().map(({ stream, byUs }) => [stream, Math.round(byUs / 60e6)])).toEqual([[0, 60]]);
    expect(watch.areTogether()).toBe(true);
  });
  test("pictures that begin behind a pause of the sound, which continues there", () => {
    const packets = [...recording([SOUND], 0, 1), ...recording(BOTH, 20e6, 1)];
    expect(
      watched(packets)
        .breaks()
        .filter(({ stream }) => stream === 0),
    ).toEqual([]);
  });
  const early = recording([SOUND], 1.4e6, 0.18);
  const late = 95_405e6;
  test("sound leaps after it", () => {
    const watch = watched([...early, ...recording([VIDEO], late, 0.2), ...recording(BOTH, late + 0.2e6, 0.2)]);
    expect(watch.breaks().map(({ stream }) => stream)).toEqual([1]);
    expect(watch.areTogether()).toBe(true);
  });
  test("sound goes back with it", () => {
    const sound = recording([SOUND], 50e6, 0.5);
    const watch = watched([...sound, ...recording(BOTH, 1e6, 2)]);
    expect(watch.breaks().map(({ stream }) => stream)).toEqual([1]);
    expect(watch.areTogether()).toBe(true);
  });
  test("sound has ended before it", () => {
    const watch = watched([...early, ...recording([VIDEO], 60e6, 2)]);
    expect(watch.breaks().map(({ stream, byUs }) => [stream, Math.round(byUs / 1e6)])).toEqual([[0, 58]]);
    expect(watch.areTogether()).toBe(true);
  });
  test("pictures that leap alone are not together with sound that began before", () => {
    const watch = watched([...recording(BOTH, 0, 2), ...recording([VIDEO], 60e6, 2)]);
    expect(watch.breaks().length).toBe(1);
    expect(watch.areTogether()).toBe(false);
  });
});

describe("one stream alone", () => {
  test("sound that goes back while the pictures go on", () => {
    const packets = recording(BOTH, 0, 8).map((packet) =>
      packet.stream === 1 && packet.atUs > 4e6 ? { ...packet, atUs: packet.atUs - 3e6 } : packet,
    );
    expect(watched(packets).breaks().length).toBe(1);
    expect(watched(packets).areTogether()).toBe(false);
  });
  test("sound that leaps an hour ahead of the pictures", () => {
    const packets = recording(BOTH, 0, 8).map((packet) =>
      packet.stream === 1 && packet.atUs > 4e6 ? { ...packet, atUs: packet.atUs + 3600e6 } : packet,
    );
    expect(watched(packets).breaks().length).toBeGreaterThan(0);
    expect(watched(packets).areTogether()).toBe(false);
  });
});

describe("pictures alone that leap once", () => {
  const leaping = (steps: readonly number[]) => {
    const times = steps.map((_, at) => steps.slice(0, at).reduce((sum, step) => sum + step, 0));
    return watched(times.map((ms) => ({ stream: 0, atUs: ms * 1000, durationUs: 20_000 }))).breaks();
  };
  const even = Array.from({ length: 12 }, () => 20);
  test("nine of ten of the other steps are alike", () => {
    expect(leaping([...even, 0, 40, 15_000, ...even])).toHaveLength(1);
    expect(leaping([...even, 0, 40, 33, 15_000, ...even])).toEqual([]);
  });
  test("a picture that is decoded before the leap and shown behind it: a pause of one recording", () => {
    const [before, after] = [recording([VIDEO], 0, 4), recording([VIDEO], 60e6, 4)];
    const withLast = (shownUs: number) => {
      const shown = before.map((packet, at) => ({
        ...packet,
        shownUs: at === before.length - 2 ? shownUs : packet.atUs,
      }));
      return watched([...shown, ...after]).breaks();
    };
    expect(withLast(60e6)).toEqual([]);
    expect(withLast(4.1e6)).toHaveLength(1);
    // What was shown on a clock that has ended says nothing of the next one.
    expect(watched([...recording([VIDEO], 90e6, 4), ...before, ...after]).breaks()).toHaveLength(2);
  });
  test("slides of a few seconds, and sometimes more", () =>
    expect(leaping([3000, 3000, 3000, 12_000, 3000, 3000, 15_000, 3000])).toEqual([]));
});

describe("no break", () => {
  test("one recording", () => expect(watched(recording(BOTH, 10e6, 8)).breaks()).toEqual([]));
  test("a slide show beside sound that goes on", () => {
    const slides = { stream: 0, stepUs: 12e6 };
    expect(watched(recording([slides, SOUND], 0, 60)).breaks()).toEqual([]);
  });
  test("sound that begins late beside slides", () => {
    const slides = { stream: 0, stepUs: 12e6 };
    const packets = recording([slides, SOUND], 0, 60).filter(({ stream, atUs }) => stream === 0 || atUs > 11.9e6);
    expect(watched(packets).breaks()).toEqual([]);
  });
  test("a slide show without sound", () =>
    expect(watched(recording([{ stream: 0, stepUs: 12e6 }], 0, 120)).breaks()).toEqual([]));
  test("slides whose packets claim to last a 25th of a second", () => {
    const packets = recording([{ stream: 0, stepUs: 12e6 }], 0, 120).map((each) => ({ ...each, durationUs: 40_000 }));
    expect(watched(packets).breaks()).toEqual([]);
  });
  test("slides of uneven length", () => {
    const times = [0, 3, 17, 30, 31, 45, 60, 64].map((at) => ({ stream: 0, atUs: at * 1e6, durationUs: 40_000 }));
    expect(watched(times).breaks()).toEqual([]);
  });
  test("sound that pauses while the pictures go on", () => {
    const packets = recording(BOTH, 0, 40).filter(({ stream, atUs }) => stream === 0 || atUs < 5e6 || atUs > 20e6);
    expect(watched(packets).breaks()).toEqual([]);
  });
  test("sound that ends early beside slides", () => {
    const packets = recording([{ stream: 0, stepUs: 12e6 }, SOUND], 0, 60).filter(
      ({ stream, atUs }) => stream === 0 || atUs < 4e6,
    );
    expect(watched(packets).breaks()).toEqual([]);
  });
  test("decoding times that lie a little apart", () => {
    const packets = [0, 40, 30, 120].map((ms) => ({ stream: 0, atUs: ms * 1000, durationUs: 40_000 }));
    expect(watched(packets).breaks()).toEqual([]);
  });
});

test.each([
  [-186_531, true],
  [-6500, false],
  [0, false],
])("a clock that goes back to %d µs is no other recording but one of guesses: %p", (backToUs, isGuessed) => {
  const before = [0, 104_490, 208_980].map((atUs) => ({ stream: 1, atUs, durationUs: 104_490 }));
  const [found] = watched([...before, { stream: 1, atUs: backToUs, durationUs: 86_531 }]).breaks();
  expect(found !== undefined && isOfGuesses(found)).toBe(isGuessed);
});
