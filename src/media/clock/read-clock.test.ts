import { expect, test } from "bun:test";
import type { SourceInfo } from "../model/source.ts";
import { brokenClock, guessedBreak, LACKS_TIMES, PacketClock } from "./read-clock.ts";

const MILLISECONDS = { num: 1, den: 1000 };
const STREAMS = (["video", "audio"] as const).map((type, index) => ({
  ...{ index, type, timeBase: MILLISECONDS, isAttachedPicture: false },
})) as unknown as SourceInfo["streams"];

/** Five seconds of picture, and sound whose clock goes back by a second in the middle. */
function clockOf(unread?: readonly number[]): PacketClock {
  const clock = new PacketClock({ streams: STREAMS, ...(unread === undefined ? {} : { unread }) });
  for (let at = 0; at < 5000; at += 40) {
    clock.add(0, at, at, 40);
    clock.add(1, at, at < 2500 ? at : at - 1000, 40);
  }
  return clock;
}

test("the clock of a stream that the job does not read may break", () => {
  expect(clockOf().breaks()).toMatchObject([{ stream: 1, byUs: -960_000 }]);
  expect(clockOf([1]).breaks()).toEqual([]);
  expect(clockOf([0]).breaks()).toHaveLength(1);
});

test("one correction mends all streams that are read, whatever the others do", () => {
  expect(clockOf().areTogether()).toBe(false);
  expect(clockOf([1]).areTogether()).toBe(true);
});

test("when packets are shown is told beside when they are decoded", () => {
  const clock = new PacketClock({ streams: STREAMS });
  const add = (pts: number, dts: number) => clock.add(0, pts, dts, 40);
  for (let at = 0; at < 4000; at += 40) add(at + 40, at);
  // A picture is shown behind the pause, and decoded before it.
  add(60_000, 4000);
  for (let at = 60_000; at < 64_000; at += 40) add(at + 40, at);
  expect(clock.breaks()).toEqual([]);
});

test("FLAC in Ogg that begins late is no joint: its first packet alone lies at zero", () => {
  const clock = new PacketClock({ streams: STREAMS });
  for (let at = 10_000; at < 12_000; at += 40) clock.add(0, at, at, 40);
  for (const at of [0, 11_296, 11_392, 11_488, 11_584]) clock.add(1, at, at, 96);
  const [found] = clock.breaks();
  if (found === undefined) throw new Error("no break was found");
  for (const { code, message, hint } of [brokenClock(found, "its streams do not jump alike"), guessedBreak(found)]) {
    expect([code, message]).toEqual([
      "E_SOURCE_REFUSED",
      "stream 1 does not say when it begins: its first packet is at 0.00 s, the next one at 11.30 s",
    ]);
    expect(hint).toContain("-map -0:1");
  }
});

test("a clock that goes back only in what ffmpeg guesses is not called several recordings", () => {
  const { message } = guessedBreak({ stream: 0, atUs: -130_000, byUs: -130_000 });
  expect(message).toBe(
    "the times that ffmpeg guesses of the source's packets contradict those that they carry: at -0.13 s its clock goes back by 0.13 s",
  );
});

test("pictures without times are decoded to put them on one clock, since Matroska takes no copy of them", () => {
  const found = { stream: 0, atUs: 2_400_000, byUs: -1_000_000 };
  const { message, hint } = brokenClock(found, LACKS_TIMES);
  expect(message).toContain("at 2.40 s its clock goes back by 1.00 s, and some of its pictures have no time");
  expect(hint).toContain("-c:a copy -c:v ffv1 joined.mkv");
  expect(brokenClock(found, "its streams do not jump alike").hint).toContain("-map 0:v -map 0:a -c copy joined.mkv");
});
