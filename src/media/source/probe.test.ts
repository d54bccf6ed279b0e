// What the first picture says, where ffprobe's answer for the stream is what it came across last.
import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mustRun } from "../../../test/support/versus-plain/tools.ts";
import { isSince, STREAM_SHAPE } from "../ffmpeg/builds/differences.ts";
import { findTools } from "../ffmpeg/tools.ts";
import { probeSource } from "./probe.ts";
import { refusalOf } from "./refusal.ts";

test("a broadcast whose pixels change their shape has the one that a plain run gives it", async () => {
  const tools = await findTools(process.env);
  const folder = await mkdtemp(join(tmpdir(), "ffcluster-probe-"));
  try {
    const parts: Uint8Array[] = [];
    for (const [shape, at] of [
      ["1", "0"],
      ["4/3", "0.24"],
    ] as const) {
      const part = join(folder, `${parts.length}.ts`);
      const pictures = ["-f", "lavfi", "-i", "testsrc2=s=96x64:r=25:d=0.24", "-vf", `setsar=${shape}`];
      const encode = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-output_ts_offset", at];
      await mustRun([tools.ffmpeg, "-nostdin", "-v", "error", ...pictures, ...encode, part]);
      parts.push(await Bun.file(part).bytes());
    }
    const path = join(folder, "both.ts");
    await Bun.write(path, Buffer.concat(parts));
    const { video } = await probeSource(tools, path);
    const plain = join(folder, "plain.mkv");
    await mustRun([tools.ffmpeg, "-nostdin", "-v", "error", "-i", path, "-c:v", "ffv1", plain]);
    expect(video.sampleAspectRatio).toEqual((await probeSource(tools, plain)).video.sampleAspectRatio);
    expect(video.sampleAspectRatio).toEqual(isSince(tools, STREAM_SHAPE) ? { num: 4, den: 3 } : { num: 1, den: 1 });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 60_000);

/** One picture of H.264 in an MP4 whose header announces so many. */
function announcing(mp4: Buffer, pictures: number): Buffer {
  const of = (box: string) => mp4.indexOf(box);
  mp4.writeUInt32BE(pictures, of("stts") + 12); // of its one run of equal durations
  mp4.writeUInt32BE(1, of("stsz") + 8); // the size of every picture: no table follows
  mp4.writeUInt32BE(pictures, of("stsz") + 12);
  mp4.writeUInt32BE(pictures, of("stsc") + 16); // in the first chunk
  return mp4;
}

test("a small file whose header announces 50 million pictures is refused, and fills no memory", async () => {
  const tools = await findTools(process.env);
  const folder = await mkdtemp(join(tmpdir(), "ffcluster-probe-"));
  try {
    const path = join(folder, "one.mp4");
    const picture = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=0.04", "-c:v", "libx264"];
    await mustRun([tools.ffmpeg, "-nostdin", "-v", "error", ...picture, path]);
    await Bun.write(path, announcing(Buffer.from(await Bun.file(path).bytes()), 50_000_000));
    await expect(probeSource(tools, path)).rejects.toMatchObject({
      code: "E_SOURCE_REFUSED",
      message: expect.stringMatching(/one\.mp4 announces 50000000 pictures in \d{4} bytes$/),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 60_000);

test("what needs more memory than its size allows is said to", () => {
  const { what } = refusalOf("[mov,mp4,m4a @ 0x1] error reading header\none.mp4: Cannot allocate memory", "one.mp4");
  expect(what).toBe("takes more memory to read than a file of its size may");
});
