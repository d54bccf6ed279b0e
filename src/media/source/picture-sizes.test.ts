import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hardCase } from "../../../test/support/media.ts";
import { COLOURS_SET_UP, isSince } from "../ffmpeg/builds/differences.ts";
import { runFfmpeg } from "../ffmpeg/run-ffmpeg.fixture.ts";
import { findTools } from "../ffmpeg/tools.ts";
import type { SourceInfo } from "../model/source.ts";
import { pictureChange, pictureSizeArgs } from "./picture-sizes.ts";
import { probeSource } from "./probe.ts";

test.each([
  ["ts-resolution-change.ts", /^320x180 yuv420p.* to 640x360 yuv420p/],
  ["one-frame.mp4", /^null$/],
] as const)(
  "%s: %p",
  async (name, change) => {
    const tools = await findTools(process.env);
    const path = await hardCase(name);
    expect(String(await pictureChange(tools, path, await probeSource(tools, path)))).toMatch(change);
  },
  60_000,
);

test("key frames alone are decoded where only they can change", () => {
  const args = (codec: string) =>
    pictureSizeArgs("/in", { formatName: "any", video: { codec, streamIndex: 2 } } as SourceInfo, false);
  expect(args("h264")).toEqual([
    ...["-v", "error", "-protocol_whitelist", "file", "-format_whitelist", "any", "-select_streams", "2"],
    ...["-skip_frame", "nokey", "-show_entries", "frame=width,height,pix_fmt", "-of", "compact=nk=1:p=0", "file:/in"],
  ]);
  const video = { codec: "h264", streamIndex: 2 };
  expect(pictureSizeArgs("/in", { formatName: "any", video } as SourceInfo, true)).toContain(
    "frame=width,height,pix_fmt,color_range,color_space",
  );
  expect(args("vp9")).not.toContain("-skip_frame");
});

test("a change behind the only key frame of the first size is seen, which the decoder holds back and drops", async () => {
  const tools = await findTools(process.env);
  const folder = await mkdtemp(join(tmpdir(), "picture-sizes-"));
  try {
    const outputs = ["64x64", "96x64"].flatMap((size, at) => [
      ...["-map", "0:v", "-s", size, "-c:v", "mpeg2video", "-bf", "1", "-g", "12", join(folder, `${at}.m2v`)],
    ]);
    await runFfmpeg(tools, ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=0.4", ...outputs]);
    const path = join(folder, "both.m2v");
    await Bun.write(
      path,
      Buffer.concat(await Promise.all([0, 1].map((at) => Bun.file(join(folder, `${at}.m2v`)).bytes()))),
    );
    const change = await pictureChange(tools, path, await probeSource(tools, path));
    expect(change).toMatch(/^64x64 yuv420p.* to 96x64 yuv420p/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("where filters are set up anew at other colours, these are a change too", async () => {
  const tools = await findTools(process.env);
  const folder = await mkdtemp(join(tmpdir(), "picture-sizes-"));
  try {
    // The first recording says nothing, and the decoder holds pictures back until it has read the second.
    const raws = [[], ["-colorspace", "bt709"]].map((said) => [join(folder, `${said.length}.h264`), said] as const);
    for (const [raw, said] of raws)
      await runFfmpeg(tools, [
        ...["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=0.24", "-c:v", "libx264", "-bf", "3", "-g", "3"],
        ...[...said, raw],
      ]);
    const path = join(folder, "both.h264");
    await Bun.write(path, Buffer.concat(await Promise.all(raws.map(([raw]) => Bun.file(raw).bytes()))));
    const change = await pictureChange(tools, path, await probeSource(tools, path));
    const words = "64x64 yuv420p unknown unknown to 64x64 yuv420p unknown bt709";
    expect(change?.replaceAll(" tv ", " unknown ") ?? null).toBe(isSince(tools, COLOURS_SET_UP) ? words : null);
  } finally {
    await rm(folder, { recursive: true });
  }
});
