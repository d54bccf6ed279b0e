import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runUnconfined } from "../ffmpeg/run-tool.fixture.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import { encryptedTracks } from "./mp4-protection.ts";
import { probeSource } from "./probe.ts";
import { scrambledPids } from "./ts-scrambling.ts";

let tools: Tools;
let folder: string;
beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "ffcluster-encrypted-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const SOUND = ["-f", "lavfi", "-i", "sine=d=0.4"];
const KEYS = [
  ...["-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb"],
  ...["-encryption_kid", "a7e61c373e219033c21091fa607bf3b8"],
];

async function make(name: string, args: readonly string[]): Promise<string> {
  const path = join(folder, name);
  const video = ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=0.4"];
  const encoders = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"];
  const result = await runUnconfined({
    program: tools.ffmpeg,
    args: ["-nostdin", "-v", "error", "-y", ...video, ...SOUND, ...encoders, ...args, path],
  });
  if (result.exitCode !== 0) throw new Error(result.stderrTail);
  return path;
}

/** Scrambles, as a broadcaster does, what a PID holds, but for its first `clear` packets. */
async function scramble(path: string, pid: number, clear: number): Promise<void> {
  const bytes = await readFile(path);
  let packets = 0;
  let noise = 1;
  for (let at = 0; at < bytes.length; at += 188) {
    if ((bytes.readUInt16BE(at + 1) & 0x1fff) !== pid || packets++ < clear) continue;
    bytes[at + 3] = (bytes[at + 3] ?? 0) | 0x80;
    for (let byte = at + 8; byte < at + 188; byte++) {
      noise = (noise * 1_103_515_245 + 12_345) % 2_147_483_648;
      bytes[byte] = (noise >> 16) & 0xff;
    }
  }
  await writeFile(path, bytes);
}

test("an MP4 under DRM is refused as that, though its header looks like any other", async () => {
  const path = await make("cenc.mp4", KEYS);
  expect(probeSource(tools, path)).rejects.toMatchObject({
    code: "E_SOURCE_REFUSED",
    message: expect.stringContaining("encrypted"),
  });
  const clear = await make("clear.mp4", []);
  expect((await probeSource(tools, clear)).streams.map(({ isEncrypted }) => isEncrypted)).toEqual([
    undefined,
    undefined,
  ]);
}, 30_000);

test("a scrambled programme is refused as that; one with pictures beside it is taken", async () => {
  const path = await make("scrambled.ts", []);
  await scramble(path, 0x100, 0);
  expect(probeSource(tools, path)).rejects.toMatchObject({
    code: "E_SOURCE_REFUSED",
    message: expect.stringContaining("encrypted"),
  });
  const two = await make("two.ts", ["-map", "0", "-map", "0", "-map", "1"]);
  await scramble(two, 0x100, 1);
  const { video, streams } = await probeSource(tools, two);
  expect(video.streamIndex).toBe(1);
  expect(streams[0]?.isEncrypted).toBe(true);
  expect(probeSource(tools, two, { videoStream: 0 })).rejects.toMatchObject({
    hint: expect.stringContaining("-map 0:v:1 picks the one of 160x90"),
  });
}, 30_000);

test("sample entries are found in their places alone", () => {
  const box = (type: string, ...content: readonly Buffer[]) => {
    const body = Buffer.concat(content);
    const header = Buffer.alloc(8);
    header.writeUInt32BE(8 + body.length, 0);
    header.write(type, 4, "latin1");
    return Buffer.concat([header, body]);
  };
  const track = (entry: string) =>
    box("trak", box("mdia", box("minf", box("stbl", box("stsd", Buffer.alloc(8), box(entry, Buffer.alloc(78)))))));
  const moov = Buffer.concat([box("mvhd", Buffer.from("encvencv")), track("avc1"), track("enca"), track("drmi")]);
  expect(encryptedTracks(moov)).toEqual([false, true, true]);
  expect(encryptedTracks(Buffer.from("no box at all, surely"))).toEqual([]);
});

test("packets are found with any spacing; those without a payload say nothing", () => {
  const packet = (pid: number, control: number) => {
    const bytes = Buffer.alloc(188);
    bytes.writeUInt8(0x47, 0);
    bytes.writeUInt16BE(pid, 1);
    bytes.writeUInt8(control, 3);
    return bytes;
  };
  const packets = [
    packet(0x100, 0x90),
    packet(0x100, 0x90),
    packet(0x101, 0x10),
    packet(0x102, 0xa0),
    packet(0x101, 0x10),
  ];
  const all = [...packets, ...packets];
  expect([...scrambledPids(Buffer.concat(all))]).toEqual([0x100]);
  expect([...scrambledPids(Buffer.concat(all.flatMap((each) => [Buffer.alloc(4), each])))]).toEqual([0x100]);
  expect([...scrambledPids(Buffer.from("not a transport stream".repeat(100)))]).toEqual([]);
});
