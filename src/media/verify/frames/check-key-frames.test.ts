import { expect, test } from "bun:test";
import type { KeyDistance } from "../../request/args/key-distance.ts";
import { checkKeyFrames } from "./check-key-frames.ts";

const EVERY: KeyDistance = { frames: 48, kind: "every", isHeld: true };
const FRAMES = Array.from({ length: 120 }, (_, number) => 1000 + number * 512);

function check(keys: readonly number[], distance: KeyDistance) {
  return checkKeyFrames(FRAMES, new Set(keys.map((number) => FRAMES[number] ?? -1)), distance);
}

test("key frames at each multiple, and nowhere else", () => {
  expect(check([0, 48, 96], EVERY)).toEqual({ name: "key frames", ok: true, detail: "one every 48 frames" });
  expect(check([0, 30, 48, 96], EVERY)).toMatchObject({
    ok: false,
    detail: expect.stringContaining("one at frame 30"),
  });
  expect(check([0, 48], EVERY)).toMatchObject({ ok: false, detail: expect.stringContaining("none at frame 96") });
  expect(check([0, 49, 96], EVERY)).toMatchObject({ ok: false, detail: expect.stringContaining("none at frame 48") });
  expect(check([0, 48, 96, 119], EVERY)).toMatchObject({
    ok: false,
    detail: expect.stringContaining("one at frame 119"),
  });
  expect(check([], EVERY)).toMatchObject({ ok: false });
});

test("a bound holds between all key frames and to the end", () => {
  const most: KeyDistance = { frames: 48, kind: "most", isHeld: true };
  expect(check([0, 30, 72, 119], most)).toMatchObject({ ok: true });
  expect(check([0, 30, 79], most)).toMatchObject({
    ok: false,
    detail: expect.stringContaining("49 frames from frame 30"),
  });
  expect(check([0, 30, 60], most)).toMatchObject({
    ok: false,
    detail: expect.stringContaining("60 frames from frame 60"),
  });
});

test("what nobody has measured is told, not held; nothing asked for is no check", () => {
  const told = check([0, 50], { frames: 48, kind: "usual", isHeld: false });
  expect(told).toMatchObject({ ok: true, detail: expect.stringContaining("not measured") });
  expect(checkKeyFrames(FRAMES, new Set(), null)).toBeNull();
});
