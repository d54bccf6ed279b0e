import { expect, test } from "bun:test";
import { TrackTally } from "../index/track-packets.ts";
import type { StreamPlan } from "../plan/stream-plan.ts";
import { requireSpreadSound } from "./collapsed-sound.ts";

const MILLISECONDS = { num: 1, den: 1000 };

/** Packets of 32 ms at these times, in milliseconds, of a track that is encoded. */
function judged(times: readonly number[], kind: "encode-audio" | "copy" = "encode-audio"): () => void {
  const tally = new TrackTally();
  for (const pts of times) tally.add({ type: "audio", stream: 1, pts, duration: 32, bytes: 100 });
  const plan = {
    streams: [{ source: { index: 1, type: "audio" }, action: { kind, file: 0 } }],
  } as unknown as StreamPlan;
  return () => requireSpreadSound(tally.tracks(new Map([[1, MILLISECONDS]])), plan);
}

test("sound whose packets all lie on one time is refused where it would be encoded", () => {
  const collapsed = Array.from({ length: 80 }, () => 45_021);
  expect(judged(collapsed)).toThrow("sound (stream 1) are lost: packets of 2.56 s lie within 0.03 s");
  expect(judged(collapsed, "copy")).not.toThrow();
  expect(judged([])).not.toThrow();
});

test("sound that goes on, pauses, or states twice its length is not", () => {
  expect(judged(Array.from({ length: 80 }, (_, n) => 32 * n))).not.toThrow();
  expect(judged(Array.from({ length: 80 }, (_, n) => 32 * n + (n > 40 ? 9000 : 0)))).not.toThrow();
  expect(judged(Array.from({ length: 80 }, (_, n) => 16 * n))).not.toThrow();
});
