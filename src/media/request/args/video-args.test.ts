// What encoder and filters of a request are told, as whole texts.
import { expect, test } from "bun:test";
import { parseEncodeParams } from "../parse/parse-params.ts";
import { renderedChain, videoEncoderArgs } from "./video-args.ts";

test("encoder arguments, whole", () => {
  const args = (text: string, threads?: number): string =>
    videoEncoderArgs(parseEncodeParams(text), threads === undefined ? {} : { threads }).join(" ");
  expect(args("-crf 20 -preset fast", 2)).toBe("-c:v libx264 -crf 20 -preset fast -threads 2");
  expect(args("-c:v libx265 -x265-params no-sao")).toBe("-c:v libx265 -x265-params no-sao=1:open-gop=0");
  expect(args("-c:v libx265", 8)).toBe("-c:v libx265 -x265-params open-gop=0:pools=8:frame-threads=3");
  expect(args("-c:v libsvtav1 -crf 30", 2)).toBe("-c:v libsvtav1 -crf 30 -svtav1-params lp=2");
  expect(args("-c:v h264_nvenc -cq 20", 2)).toBe("-c:v h264_nvenc -cq 20 -forced-idr 1");
  expect<readonly string[]>(renderedChain(parseEncodeParams("-vf hflip -s 640x360 -r 25"))).toEqual([
    "hflip",
    "scale=w=640:h=360",
  ]);
  expect(renderedChain(parseEncodeParams(""))).toEqual([]);
});
