// A real NUT segment rewritten: every key frame told, every other packet, every time and every picture as before.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runFfmpeg } from "../ffmpeg/run-ffmpeg.fixture.ts";
import { fileUrl } from "../ffmpeg/tool-args.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import { HDR10_METADATA } from "../model/source-video.fixture.ts";
import { countHdr10, insertHdr10, type RequiredHdr10 } from "./insert-hdr10.ts";

const TIMEOUT_MS = 60_000;
let tools: Tools;
let folder: string;
beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "ffcluster-hdr10-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const ffmpeg = (args: readonly string[]) => runFfmpeg(tools, args);

/** As a client's ffmpeg writes it: far from zero, parameter sets with every key frame. */
async function segment(name: string, picture: string, encoder: readonly string[]): Promise<string> {
  const path = join(folder, name);
  const input = ["-f", "lavfi", "-i", picture];
  await ffmpeg([...input, ...encoder, "-output_ts_offset", "100000", "-f", "nut", fileUrl(path)]);
  return path;
}

const pictures = (path: string) =>
  ffmpeg(["-copyts", "-i", fileUrl(path), "-fps_mode", "passthrough", "-f", "framemd5", "-"]);
const packets = async (path: string) => {
  const list = await ffmpeg(["-copyts", "-i", fileUrl(path), "-c", "copy", "-f", "framecrc", "-"]);
  return list
    .split("\n")
    .filter((line) => /^0,/.test(line))
    .map((line) => line.split(",").map((word) => word.trim()));
};

const X264 = ["-c:v", "libx264", "-preset", "veryfast", "-bf", "3", "-g", "12", "-bsf:v", "dump_extra"];
const X265 = [
  "-c:v",
  "libx265",
  "-preset",
  "ultrafast",
  "-bf",
  "3",
  "-g",
  "12",
  "-x265-params",
  "log-level=error",
  "-bsf:v",
  "dump_extra",
];
const SMALL = "testsrc2=s=64x64:r=25:d=2";
/** Key frames of more than 64 KiB: beyond what a NUT reader follows without a syncpoint. */
const LARGE = "color=s=320x240:r=25:d=0.8,noise=alls=100:allf=t,format=yuv420p";

test.each([
  ["h264", "b-pyramid.nut", SMALL, X264],
  ["h264", "large.nut", LARGE, [...X264, "-crf", "1"]],
  ["hevc", "hevc.nut", SMALL, X265],
  ["av1", "aom.nut", SMALL, ["-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "8", "-g", "12"]],
] as const)(
  "%s, %s",
  async (codec, name, picture, encoder) => {
    const plan: RequiredHdr10 = { codec, hdr: HDR10_METADATA };
    const path = await segment(name, picture, encoder);
    const { keys, lacking } = await countHdr10(path, plan);
    expect(keys).toBeGreaterThanOrEqual(2);
    expect(lacking).toBe(keys);
    const before = { pictures: await pictures(path), packets: await packets(path) };
    expect(await insertHdr10(tools, path, plan)).toBeNull();
    expect(await countHdr10(path, plan)).toEqual({ keys, lacking: 0 });
    expect(await pictures(path)).toBe(before.pictures);
    const after = await packets(path);
    expect(after.map((packet) => packet[2])).toEqual(before.packets.map((packet) => packet[2]));
    const changed = after.filter((packet, number) => packet[5] !== before.packets[number]?.[5]);
    expect(changed.length).toBe(keys);

    const whole = await readFile(path);
    expect(await insertHdr10(tools, path, plan)).toBeNull();
    expect((await readFile(path)).equals(whole)).toBe(true);
  },
  TIMEOUT_MS,
);

test(
  "what is no segment, or ends too early, is refused with the reason and left as it is",
  async () => {
    const plan: RequiredHdr10 = { codec: "h264", hdr: HDR10_METADATA };
    const path = await segment("cut.nut", SMALL, X264);
    await truncate(path, 5000);
    expect(await insertHdr10(tools, path, plan)).toContain("ends in the middle");
    expect((await readFile(path)).length).toBe(5000);
    const mkv = join(folder, "other.mkv");
    await ffmpeg(["-i", fileUrl(await segment("whole.nut", SMALL, X264)), "-c", "copy", fileUrl(mkv)]);
    expect(await insertHdr10(tools, mkv, plan)).toContain("not a NUT file");
  },
  TIMEOUT_MS,
);
