// A segment of another codec, profile or size than asked does not count, whatever its client says of it.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Job } from "../../src/cluster/scheduler/model/job.ts";
import type { LandedResult } from "../../src/cluster/scheduler/model/segment.ts";
import type { JobRecord } from "../../src/cluster/server/job/job-record.ts";
import {
  formatOf,
  otherSize,
  readFormat,
  SegmentFormats,
  unplannedFormat,
} from "../../src/cluster/server/pipeline/segment-formats.ts";
import { readSegment } from "../../src/cluster/server/pipeline/segment-pictures.ts";
import { findTools } from "../../src/media/ffmpeg/tools.ts";
import { emptyEncodeRequest } from "../../src/media/model/encode-request.ts";
import type { SegmentFacts } from "../../src/media/model/segment.ts";
import { NutFile, type NutPart } from "../../src/media/nut/nut-file.ts";
import { readNut, readNutCodec } from "../../src/media/nut/read-nut.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-swap-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const tools = await findTools(process.env);

async function make(name: string, encoder: string, profile?: string): Promise<string> {
  const path = join(folder, name);
  const source = ["-f", "lavfi", "-i", "testsrc=s=64x48:r=25:d=0.2", "-c:v", encoder, "-pix_fmt", "yuv420p"];
  const args = [...source, ...(profile === undefined ? [] : ["-profile:v", profile]), "-f", "nut", path];
  const child = Bun.spawn([tools.ffmpeg, "-v", "error", "-y", ...args], { stderr: "inherit" });
  expect(await child.exited).toBe(0);
  return path;
}

test("another codec or profile is seen in the file, also after a right one of the same client", async () => {
  const job = { encoder: "libx264", settings: {} } as unknown as Job;
  const request = emptyEncodeRequest();
  const asked = { ...request, video: { ...request.video, profile: "baseline" } };
  const report = { encoder: "libx264", ffmpegVersion: "5.1" };
  const landed = { clientId: "one", report } as unknown as LandedResult;
  // What the forger repeats of the right one.
  const facts = { extradataSha256: "a", size: "64x48" } as unknown as SegmentFacts;
  const { signal } = new AbortController();
  const formats = new SegmentFormats();
  const formatIn = async (path: string, own = facts) => {
    const read = async () => {
      const [asked, seen] = [await readFormat(tools, path, signal), formatOf(await readSegment(tools, path, signal))];
      expect(seen).toEqual(asked);
      return asked;
    };
    return await formats.of(path, landed, own, read);
  };
  const right = await formatIn(await make("right.nut", "libx264", "baseline"));
  expect(unplannedFormat(job, asked, landed, right)).toBeNull();
  const forged = await formatIn(await make("forged.nut", "mpeg4"));
  expect(unplannedFormat(job, asked, landed, forged)).toBe("the segment is mpeg4 where h264 is asked");
  const high = await make("high.nut", "libx264", "high");
  const other = await formatIn(high, { ...facts, extradataSha256: "b" });
  expect(unplannedFormat(job, asked, landed, other)).toBe("its profile is High where baseline is asked");
  expect(unplannedFormat(job, request, landed, other)).toBeNull();
});

const settledAs = (picture?: { readonly size: string }) => ({ settings: { picture } }) as unknown as Job;

test("another size is refused where the trial of the first picture told it, whatever the header and the filters say", () => {
  const request = { ...emptyEncodeRequest(), filters: [{ name: "scale", options: [] }] };
  const record = { request, info: { video: { width: 640, height: 90 } } } as unknown as JobRecord;
  const job = settledAs({ size: "320x180" });
  expect(otherSize(record, job, "320x180")).toBeNull();
  expect(otherSize(record, job, "640x90")).toContain("320x180");
  expect(otherSize(record, job, "180x320")).toContain("320x180");
});

test("another size is refused where the request tells it", () => {
  const job = settledAs();
  const request = emptyEncodeRequest();
  const record = { request, info: { video: { width: 64, height: 48 } } } as unknown as JobRecord;
  expect(otherSize(record, job, "64x48")).toBeNull();
  expect(otherSize(record, job, "48x64")).toBeNull();
  expect(otherSize(record, job, "16000x16000")).toContain("16000x16000");
  const sized = { ...record, request: { ...request, video: { ...request.video, size: { width: 32, height: 24 } } } };
  expect(otherSize(sized, job, "32x24")).toBeNull();
  expect(otherSize(sized, job, "64x48")).toContain("32x24");
});

test("a file that goes on without frames, or for ever, is put down soon and holds up nobody", async () => {
  const path = await make("honest.nut", "libx264");
  const whole = await Bun.file(path).bytes();
  await using handle = await open(path);
  const nut = await NutFile.of(handle);
  const parts: NutPart[] = [];
  for (let part = await nut.next(); part !== null; part = await nut.next()) parts.push(part);
  const bytesOf = (kind: NutPart["kind"]) => {
    const part = parts.find((each) => each.kind === kind);
    return whole.subarray(part?.start, part?.end);
  };
  const begin = whole.subarray(0, parts.find(({ kind }) => kind === "frame")?.start);
  const endless = join(folder, "endless.nut");
  const repeat = async (unit: Uint8Array, times: number) => {
    await Bun.write(endless, Buffer.concat([begin, ...Array<Uint8Array>(times).fill(unit)]));
  };
  await repeat(bytesOf("syncpoint"), 200_000);
  expect(await readNut(endless)).toBeNull();
  expect(await readNutCodec(endless)).toBeNull();
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 0);
  await repeat(Buffer.concat([bytesOf("syncpoint"), bytesOf("frame")]), 30_000);
  await using again = await open(endless);
  const many = await NutFile.of(again);
  let frames = 0;
  for (let part = await many.next(); part !== null; part = await many.next()) if (part.kind === "frame") frames += 1;
  clearInterval(timer);
  expect(frames).toBe(30_000);
  expect(turns).toBeGreaterThan(5); // whoever reads, the others get their turn
  await expect(readNut(endless, 1000)).rejects.toThrow("more than 1000 frames");
});
