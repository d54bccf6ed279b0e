import { expect, test } from "bun:test";
import { findTools } from "../tools.ts";
import { parsePixelFormats, readPixelFormats } from "./pixel-formats.ts";

test("the list of an encoder, by its help", () => {
  const help = "Encoder libx265 [libx265 H.265 / HEVC]:\n    Threading capabilities: other\n";
  expect(parsePixelFormats(`${help}    Supported pixel formats: yuv420p yuvj420p gray\nlibx265 AVOptions:\n`)).toEqual([
    "yuv420p",
    "yuvj420p",
    "gray",
  ]);
  expect(parsePixelFormats(help)).toBeNull();
});

test("this ffmpeg: what FFV1 takes, nothing of an encoder that names no format", async () => {
  const formats = await readPixelFormats(await findTools(process.env), ["ffv1", "rawvideo"]);
  expect(formats.ffv1).toContain("yuv420p10le");
  expect(Object.keys(formats)).toEqual(["ffv1"]);
});
