import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../../base/log.ts";
import { endLeftoverEncoders, isEncoderIn, removeOldSegments } from "./sweep.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffc-sweep-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("only an ffmpeg with an argument below the folder's segments is taken for a leftover", () => {
  const ffmpeg = "/usr/bin/ffmpeg";
  expect(isEncoderIn([ffmpeg, "-i", "x", "/w/c/segment_1/segment.nut"], "/w/c", ffmpeg)).toBe(true);
  expect(isEncoderIn(["ffcluster", "__exec", ffmpeg, "file:/w/c/segment_1/s.nut"], "/w/c", ffmpeg)).toBe(true);
  expect(isEncoderIn(["tail", "-f", "/w/c/segment_1/s.nut"], "/w/c", ffmpeg)).toBe(false);
  expect(isEncoderIn([ffmpeg, "-i", "x", "/w/d/segment_1/s.nut"], "/w/c", ffmpeg)).toBe(false);
  expect(isEncoderIn([ffmpeg, "-i", "/w/c/segment_1/s.nut", "/elsewhere/o.mp4"], "/w/c", ffmpeg)).toBe(false);
  expect(isEncoderIn([ffmpeg, "-i", "/w/c/mine.mp4", "/elsewhere/o.nut"], "/w/c", ffmpeg)).toBe(false);
});

test.skipIf(process.platform !== "linux")("an encoder that was left behind is ended, others live on", async () => {
  const ffmpeg = Bun.which("ffmpeg") ?? "ffmpeg";
  const encode = async (output: string) => {
    await mkdir(join(output, ".."), { recursive: true });
    const args = [
      "-v",
      "error",
      "-nostdin",
      "-re",
      "-f",
      "lavfi",
      "-i",
      "color=s=64x64:r=5",
      "-c:v",
      "ffv1",
      "-y",
      output,
    ];
    return Bun.spawn([ffmpeg, ...args], { stdout: "ignore", stderr: "ignore" });
  };
  const leftover = await encode(join(folder, "segment_1", "segment.nut"));
  const other = await encode(join(folder, "other", "segment.nut"));
  try {
    expect(await endLeftoverEncoders(folder, ffmpeg, silentLog)).toEqual([leftover.pid]);
    await leftover.exited;
    expect(other.exitCode).toBeNull();
  } finally {
    leftover.kill("SIGKILL");
    other.kill("SIGKILL");
    await Promise.all([leftover.exited, other.exited]);
  }
});

test("old segment folders go, kept ones and everything else stay", async () => {
  for (const name of ["segment_a", "segment_b", "cache"]) await mkdir(join(folder, name));
  await removeOldSegments(folder, new Set([join(folder, "segment_b")]));
  expect((await readdir(folder)).toSorted()).toEqual(["cache", "segment_b"]);
});
