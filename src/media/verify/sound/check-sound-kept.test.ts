import { expect, test } from "bun:test";
import { type CountedTrack, HIDDEN } from "../../audio/silent-tracks.ts";
import { leftOutOf, planStreams, type StreamPlan } from "../../plan/stream-plan.ts";
import { parseEncodeParams } from "../../request/parse/parse-params.ts";
import { EVERY_KIND } from "../every-kind.fixture.ts";
import { checkSoundKept } from "./check-sound-kept.ts";

const planned = (params: string) => planStreams(EVERY_KIND, parseEncodeParams(params), "mp4");
const packets = (...counts: readonly number[]) =>
  new Map(counts.map((count, position) => [position + 1, { packets: count, endUs: 1e6 }] as const));
const without = (plan: StreamPlan) => leftOutOf(plan, new Map([1, 2].map((index) => [index, "mp4 cannot hold it"])));

test.each([
  ["sound on both sides", planned(""), packets(10, 20), 2, true],
  ["none in the output, whatever the plan says", planned(""), packets(10, 20), 0, false],
  ["left out for a reason that nobody asked for", without(planned("")), packets(10, 20), 0, false],
  ["one track left out, one kept", planned(""), packets(10, 20), 1, true],
  ["-an", planned("-an"), packets(10, 20), 0, true],
  ["tracks without a packet are no sound", without(planned("")), packets(0), 0, true],
])("%s", (_, plan, source, inOutput, ok) =>
  expect(checkSoundKept(plan, { formatName: "matroska,webm", tracks: source }, inOutput).ok).toBe(ok),
);

test("names what is left out", () => {
  expect(checkSoundKept(without(planned("")), { formatName: "matroska,webm", tracks: packets(10, 0) }, 0).detail).toBe(
    "0 of 1 tracks that hold sound; audio stream 1 (aac, eng): mp4 cannot hold it",
  );
});

test("sound that an edit list hides is none", () => {
  const tracks = new Map([[1, { packets: 10, endUs: -50_000, openEndUs: 50_000 }]]);
  const formats = ["mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"];
  const kept = formats.map((formatName) => checkSoundKept(without(planned("")), { formatName, tracks }, 0).ok);
  expect(kept).toEqual([true, false]);
});

test("a track that was decoded to nothing is none, if only the length of its last packet speaks for it", () => {
  const left = leftOutOf(planned(""), new Map([1, 2].map((index) => [index, HIDDEN])));
  const ok = (track: Pick<CountedTrack, "endUs" | "isLastAloneShown">) => {
    const tracks = new Map([[1, { packets: 8, openEndUs: 500_000, ...track }]]);
    return checkSoundKept(left, { formatName: "mov,mp4,m4a,3gp,3g2,mj2", tracks }, 0).ok;
  };
  expect(ok({ endUs: -244_000, isLastAloneShown: true })).toBe(true);
  expect([ok({ endUs: -244_000 }), ok({ endUs: 1000, isLastAloneShown: true })]).toEqual([false, false]);
});
