import { expect, test } from "bun:test";
import { toldToKeepRange } from "./kept-range.ts";
import type { Reading, StreamFacts } from "./reading.ts";

const KEEP = "scale=out_range=full";

function video(codec: string, range: string): StreamFacts {
  const facts = { pix_fmt: "yuv420p", color_range: range };
  return { index: 0, type: "video", codec, timeBase: "1/1000", facts };
}

function reading(codec: string, range: string): Reading {
  return {
    pictures: { md5: [], seconds: [], tick: 0.001, thumbs: new Uint8Array() },
    sounds: [],
    subtitles: [],
    streams: [video(codec, range)],
    chapters: [],
  };
}

/** What plain ffmpeg is told, where the source and ours are in full range and it tags its own so. */
function told(params: string, codec: string, plain: string, ratesByFilters = false) {
  return toldToKeepRange(
    { ratesByFilters },
    params.split(" "),
    [video("mjpeg", "pc")],
    reading(codec, "pc"),
    reading(codec, plain),
  );
}

test("a filter keeps the range where plain ffmpeg squeezes it", () => {
  expect(told("-c:v ffv1", "ffv1", "tv")?.params).toEqual([
    ...["-vf", `${KEEP},format=yuv420p,setparams=range=tv`, "-c:v", "ffv1"],
  ]);
  expect(told("-c:v libvpx-vp9", "vp9", "tv")?.params).toEqual(["-vf", KEEP, "-c:v", "libvpx-vp9"]);
  expect(told("-c:v libvpx-vp9", "vp9", "pc")).toBe(null);
});

test("with -r and without a filter none is put in where it would change which pictures plain ffmpeg shows", () => {
  const [ffv1, vp9] = ["-c:v ffv1 -r 25", "-c:v libvpx-vp9 -r:v 25"];
  expect(told(ffv1, "ffv1", "tv", true)).toEqual({ params: ["-dst_range", "1", ...ffv1.split(" ")], range: "pc" });
  expect(told(vp9, "vp9", "tv", true)).toEqual({ params: ["-dst_range", "1", ...vp9.split(" ")], range: "pc" });
  expect(told("-c:v ffv1 -r 25 -vf hflip", "ffv1", "tv", true)?.params).toContain(
    `${KEEP},hflip,${KEEP},format=yuv420p,setparams=range=tv`,
  );
  expect(told(ffv1, "ffv1", "tv")?.params[0]).toBe("-vf");
});
