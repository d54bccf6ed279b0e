import { expect, test } from "bun:test";
import { hardCase } from "../../../test/support/media.ts";
import { findTools } from "../ffmpeg/tools.ts";
import type { SourceInfo } from "../model/source.ts";
import { pictureChange, pictureSizeArgs } from "./picture-sizes.ts";
import { probeSource } from "./probe.ts";

test.each([
  ["ts-resolution-change.ts", "320x180 yuv420p to 640x360 yuv420p"],
  ["one-frame.mp4", null],
] as const)(
  "%s: %p",
  async (name, change) => {
    const tools = await findTools(process.env);
    const path = await hardCase(name);
    expect(await pictureChange(tools, path, await probeSource(tools, path))).toBe(change);
  },
  60_000,
);

test("key frames alone are decoded where only they can change", () => {
  const args = (codec: string) =>
    pictureSizeArgs("/in", { formatName: "any", video: { codec, streamIndex: 2 } } as SourceInfo);
  expect(args("h264")).toEqual([
    ...["-v", "error", "-protocol_whitelist", "file", "-format_whitelist", "any", "-select_streams", "2"],
    ...["-skip_frame", "nokey", "-show_entries", "frame=width,height,pix_fmt", "-of", "compact=nk=1:p=0", "file:/in"],
  ]);
  expect(args("vp9")).not.toContain("-skip_frame");
});
