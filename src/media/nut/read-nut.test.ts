// The NUT that ffmpeg writes for segments, read here and by ffprobe: the same times in the same order, the same parameter
// sets, the same packets; damaged and foreign files have no answer here.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { sha256Of } from "../../base/digest.ts";
import { runFfmpeg } from "../ffmpeg/run-ffmpeg.fixture.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import { probeSegmentPackets, readSegmentPackets, verifySegment } from "../segment/verify-segment.ts";
import { NutFile } from "./nut-file.ts";
import { NutError } from "./nut-numbers.ts";
import { readNut, readNutKeys, TooManyFrames } from "./read-nut.ts";

let tools: Tools;
let folder: string;
beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "ffcluster-nut-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function make(name: string, args: readonly string[]): Promise<string> {
  const path = join(folder, name);
  await runFfmpeg(tools, ["-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=20", ...args, path]);
  return path;
}

/** Every part one after the other, and the digest of each packet. */
async function walk(path: string): Promise<{ readonly whole: Buffer; readonly packets: readonly string[] }> {
  await using handle = await open(path, "r");
  const nut = await NutFile.of(handle);
  const parts: Uint8Array[] = [];
  const packets: string[] = [];
  for (let part = await nut.next(); part !== null; part = await nut.next()) {
    if (part.kind === "frame") packets.push(sha256Of(await nut.dataOf(part)));
    parts.push(await nut.bytesOf(part));
  }
  return { whole: Buffer.concat(parts), packets };
}

async function ffmpegsPackets(path: string): Promise<readonly string[]> {
  const hashes = ["-c", "copy", "-f", "framehash", "-hash", "sha256", "-"];
  const stdout = await runFfmpeg(tools, ["-copyts", "-i", path, ...hashes]);
  return [...stdout.matchAll(/^0,.*,\s*([0-9a-f]{64})$/gm)].map(([, digest]) => digest ?? "");
}

const FAR = ["-output_ts_offset", "100100000", "-fps_mode", "passthrough"];
const UNEVEN = ["-vf", "select='mod(n*n\\,7)'", "-enc_time_base", "1/90000"];

test.each([
  ["b-pyramid", ["-c:v", "libx264", "-preset", "medium", "-g", "40", "-bsf:v", "dump_extra"]],
  ["uneven", ["-c:v", "libx264", "-preset", "veryfast", "-bsf:v", "dump_extra", ...UNEVEN]],
  ["large packets", ["-c:v", "huffyuv", "-vf", "scale=640:480,noise=alls=60:allf=t", "-t", "2"]],
  ["mpeg4", ["-c:v", "mpeg4", "-bf", "2", "-enc_time_base", "1/12800"]],
  ["no parameter sets", ["-c:v", "ffv1", "-level", "1", "-t", "3"]],
] as const)(
  "%s",
  async (name, args) => {
    const path = await make(`${name}.nut`, [...args, ...FAR]);
    const own = await readNut(path);
    const probed = await probeSegmentPackets(tools, path);
    expect(own?.pts.length).toBeGreaterThan(40);
    expect(await readSegmentPackets(tools, path)).toEqual(probed);
    expect(typeof probed).toBe("object");
    const { whole, packets } = await walk(path);
    expect(whole.equals(await readFile(path))).toBe(true);
    expect(packets).toEqual(await ffmpegsPackets(path));
  },
  120_000,
);

test("key frames by their numbers as they are shown", async () => {
  const path = await make("keys.nut", [
    "-c:v",
    "libx264",
    "-preset",
    "medium",
    "-g",
    "20",
    "-bf",
    "3",
    "-t",
    "2",
    ...FAR,
  ]);
  const entries = ["-select_streams", "v", "-show_entries", "packet=pts,flags", "-of", "csv=p=0"];
  const child = Bun.spawnSync([tools.ffprobe, "-v", "error", ...entries, path]);
  const rows = child.stdout.toString().trim().split("\n");
  const shown = rows.map((row) => row.split(",")).toSorted(([a], [b]) => Number(a) - Number(b));
  const keys = shown.flatMap(([, flags], number) => (flags?.startsWith("K") ? [number] : []));
  expect(keys.length).toBeGreaterThan(1);
  expect(await readNutKeys(path)).toEqual(keys);
}, 120_000);

test("what is cut off, or no NUT, has no answer here", async () => {
  const path = await make("whole.nut", ["-c:v", "mpeg4", "-t", "2", ...FAR]);
  const bytes = await readFile(path);
  const other = join(folder, "other.nut");
  const read = async (content: Uint8Array) => {
    await writeFile(other, content);
    return await readNut(other);
  };
  expect((await read(bytes))?.pts.length).toBe(50);
  expect(await read(bytes.subarray(0, bytes.length - 40))).toBeNull();
  expect(await read(bytes.subarray(0, 200))).toBeNull();
  expect(await read(bytes.subarray(1))).toBeNull();
  expect(await read(new Uint8Array(0))).toBeNull();
  expect(await readNut(join(folder, "missing.nut"))).toBeNull();
}, 120_000);

test("a garbled file is read to its end or refused, never anything else", async () => {
  const bytes = await readFile(await make("short.nut", ["-c:v", "mpeg4", "-bf", "2", "-t", "1", ...FAR]));
  const path = join(folder, "garbled.nut");
  const outcomes = new Set<string>();
  const at = fc.integer({ min: 0, max: bytes.length - 1 });
  const change = fc.record({
    at: fc.oneof(at, fc.integer({ min: 0, max: 400 })),
    drop: fc.nat(2),
    put: fc.uint8Array({ maxLength: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      let garbled: Uint8Array = bytes;
      for (const { at: from, drop, put } of changes)
        garbled = Buffer.concat([garbled.subarray(0, from), put, garbled.subarray(from + drop)]);
      await writeFile(path, garbled);
      const walked = await walk(path).catch((thrown: unknown) => {
        if (thrown instanceof NutError) return null;
        throw thrown;
      });
      if (walked === null) expect(await readNut(path)).toBeNull();
      else expect(walked.whole.equals(garbled)).toBe(true);
      outcomes.add(walked === null ? "refused" : "read");
    }),
    { numRuns: 400 },
  );
  expect([...outcomes].sort()).toEqual(["read", "refused"]);
}, 120_000);

test("bytes that are no NUT at all, and those that begin like one", async () => {
  const path = join(folder, "random.nut");
  const opening = new TextEncoder().encode("nut/multimedia container\0NM");
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.uint8Array({ maxLength: 300 }), async (isOpened, bytes) => {
      await writeFile(path, isOpened ? Buffer.concat([opening, bytes]) : bytes);
      expect(await readNut(path)).toBeNull();
    }),
  );
}, 120_000);

/** A segment of tiny frames: its last one, `times` over. */
async function swollen(times: number): Promise<string> {
  const path = await make("tiny.nut", ["-c:v", "rawvideo", "-vf", "scale=2:2,format=gray", "-t", "0.4"]);
  await using handle = await open(path, "r");
  const nut = await NutFile.of(handle);
  let last: Uint8Array = new Uint8Array(0);
  let end = 0;
  for (let part = await nut.next(); part !== null; part = await nut.next()) {
    if (part.kind !== "frame") continue;
    last = await nut.bytesOf(part);
    end = part.end;
  }
  expect(last.length).toBeLessThan(20);
  const target = join(folder, "swollen.nut");
  const begins = (await readFile(path)).subarray(0, end);
  await writeFile(target, Buffer.concat([begins, Buffer.alloc(last.length * times, last)]));
  return target;
}

test("a segment of millions of tiny frames is not read beyond what is planned, and lets others work meanwhile", async () => {
  const path = await swollen(1_000_000);
  await expect(readNut(path, 500)).rejects.toBeInstanceOf(TooManyFrames);
  expect(await readSegmentPackets(tools, path, undefined, 500)).toBe("it holds more than 500 frames");
  await expect(probeSegmentPackets(tools, path, undefined, 500)).rejects.toBeInstanceOf(TooManyFrames);
  const planned = { pts: [0, 1, 2], timeBase: { num: 1, den: 25 }, encoderTimeBase: { num: 1, den: 25 } };
  expect(await verifySegment(tools, path, planned)).toMatchObject({
    ok: false,
    reason: "it holds more than 1006 frames",
  });
  let turns = 0;
  let isRead = false;
  const reading = readNutKeys(path).then(() => {
    isRead = true;
  });
  while (!isRead) {
    turns += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await reading;
  expect(turns).toBeGreaterThan(100);
}, 60_000);
