import { expect, test } from "bun:test";
import { EIGHT_BITS } from "../model/source-video.fixture.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { planPicture } from "./picture-plan.ts";

test.each([
  ["a 4:3 that MPEG-2 states in one of four displays", [192, 108, 4, 3], "-c:v mpeg2video", "ts", "1989:1600"],
  ["PAL in 16:9", [720, 576, 64, 45], "-c:v mpeg2video", "ts", "64:45"],
  ["PAL as broadcast, near to 4:3", [720, 576, 12, 11], "-c:v mpeg2video", "ts", "16:15"],
  ["square", [192, 108, 1, 1], "-c:v mpeg2video", "ts", "1:1"],
  ["a container with a place for any shape", [192, 108, 4, 3], "-c:v mpeg2video", "mkv", "4:3"],
  ["a codec that states any shape", [192, 108, 4, 3], "-c:v libx264", "ts", "4:3"],
] as const)("the shape of the pixels: %s", (_, [width, height, num, den], params, container, planned) => {
  const video = { ...EIGHT_BITS, width, height, sampleAspectRatio: { num, den } };
  const { tags, notes } = planPicture(video, parseEncodeParams(params), container);
  expect(tags.sampleAspectRatio).toBe(planned);
  expect(notes.filter((note) => note.includes("aspect"))).toHaveLength(planned === `${num}:${den}` ? 0 : 1);
});
