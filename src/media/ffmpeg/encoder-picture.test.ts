import { expect, test } from "bun:test";
import { encoderPictureIn } from "./encoder-picture.ts";

test("what goes into the encoder is read from ffmpeg's own words, behind those on the input", () => {
  const input =
    "Input #0, mov\n  Stream #0:0(und): Video: h264 (High 10) (avc1 / 0x31637661), yuv420p10le(tv), 320x180\n";
  const output = (stream: string) =>
    encoderPictureIn(`${input}Output #0, framecrc, to 'pipe:1':\n  Metadata:\n${stream}\n`);
  expect(output("  Stream #0:0: Video: hevc, yuv420p(tv, progressive), 320x180 [SAR 1:1], q=2-31")).toEqual({
    pixelFormat: "yuv420p",
    size: "320x180",
  });
  expect(output("    Stream #0:0(eng): Video: prores (apch (a, b)), yuv422p10le, 320x180")?.pixelFormat).toBe(
    "yuv422p10le",
  );
  expect(output("  Stream #0:0: Audio: aac")).toBeNull();
  const both = `${input}Output #1, framehash, to 'pipe:1':\n  Stream #1:0: Video: rawvideo, gray, 32x18\n`;
  expect(
    encoderPictureIn(`${both}Output #0, crc, to 'pipe:1':\n  Stream #0:0: Video: ffv1, yuv444p, 64x36\n`, 1),
  ).toEqual({ pixelFormat: "gray", size: "32x18" });
  expect(encoderPictureIn("")).toBeNull();
});
