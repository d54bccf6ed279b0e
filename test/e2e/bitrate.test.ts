// A bit rate that holds for the whole file: two clients, a source of quiet and busy parts, the bytes of the output's
// packets as ffprobe counts them, and the decoder's buffer played through over the joins by the test's own arithmetic.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { stat } from "node:fs/promises";
import type { Proof } from "../../src/media/model/proof.ts";
import { Cluster } from "../support/cluster.ts";
import { framesOf, framesOfSources, largestTimingError } from "../support/frames.ts";
import { rowsOf } from "../support/long-run.ts";
import { outputOf } from "../support/programs.ts";

const SECONDS = 16;
/** A still, noise that moves, a still again, a fractal: shares of 1 to 30 at one same quality. */
const PARTS = [
  "color=c=gray:s=320x180:r=25:d=4",
  "testsrc2=s=320x180:r=25:d=4,noise=alls=24:allf=t",
  "smptebars=s=320x180:r=25:d=4",
  "mandelbrot=s=320x180:r=25:end_pts=100,trim=duration=4",
];

let cluster: Cluster;
let source: string;
const sourceFrames = framesOfSources();

beforeAll(async () => {
  cluster = await Cluster.make();
  source = cluster.path("quiet-and-busy.mp4");
  const joined = `${PARTS.map((part, at) => `${part},setsar=1,format=yuv420p[p${at}]`).join(";")};${PARTS.map((_, at) => `[p${at}]`).join("")}concat=n=${PARTS.length}[v]`;
  await outputOf("ffmpeg", [
    ...["-nostdin", "-v", "error", "-filter_complex", joined, "-map", "[v]", "-c:v", "libx264", "-crf", "12"],
    ...["-preset", "ultrafast", "-g", "25", "-bf", "2", "-y", source],
  ]);
  await cluster.serve({ args: ["--benchmark-duration", "2", "--max-segment-duration", "3"] });
  await cluster.join("direct");
  await cluster.join("gateway", ["--source-access", "gateway"]);
}, 180_000);

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

interface Packet {
  readonly seconds: number;
  readonly bits: number;
}

async function packetsOf(path: string): Promise<Packet[]> {
  const entries = ["-select_streams", "v:0", "-show_entries", "packet=dts_time,size", "-of", "csv=p=0"];
  const text = await outputOf("ffprobe", ["-v", "error", ...entries, `file:${path}`]);
  return text
    .trim()
    .split("\n")
    .map((line) => line.split(","))
    .map(([seconds, bytes]) => ({ seconds: Number(seconds), bits: Number(bytes) * 8 }));
}

/** Bits that are missing when the worst picture is due; the buffer is 0.9 full at the start, as x264 assumes. */
function missingBits(packets: readonly Packet[], maxrate: number, bufsize: number): number {
  let fill = 0.9 * bufsize;
  let worst = 0;
  for (const [at, { seconds, bits }] of packets.entries()) {
    const before = packets[at - 1];
    if (before !== undefined) fill = Math.min(bufsize, fill + (seconds - before.seconds) * maxrate);
    fill -= bits;
    worst = Math.max(worst, -fill);
  }
  return worst;
}

interface Row {
  readonly params: string;
  /** Bits per second that the whole must have; null: quality decides. */
  readonly bitrate: number | null;
  readonly buffer: readonly [maxrate: number, bufsize: number] | null;
}

const USUAL: readonly Row[] = [
  {
    params: "-c:v libx264 -preset veryfast -b:v 350k -maxrate 800k -bufsize 800k",
    bitrate: 350_000,
    buffer: [800_000, 800_000],
  },
  {
    params: "-c:v libx264 -preset veryfast -crf 14 -maxrate 600k -bufsize 900k",
    bitrate: null,
    buffer: [600_000, 900_000],
  },
];

const MORE: readonly Row[] = [
  { params: "-c:v mpeg4 -b:v 500k", bitrate: 500_000, buffer: null },
  {
    params: "-c:v libx265 -preset ultrafast -b:v 150k -maxrate 300k -bufsize 300k -vf scale=192:-2",
    bitrate: 150_000,
    buffer: [300_000, 300_000],
  },
  // Two passes on a clock of one tick a frame; ffmpeg's own rate control from zero on.
  {
    params: "-c:v libvpx-vp9 -deadline good -cpu-used 8 -b:v 250k -vf scale=160:-2",
    bitrate: 250_000,
    buffer: null,
  },
];

for (const { params, bitrate, buffer } of rowsOf(USUAL, MORE)) {
  test(params, async () => {
    const output = cluster.path(`${params.replace(/\W+/g, "_")}.mp4`);
    const ended = await cluster.command(["submit", source, "-o", output, "--ffmpeg-params", params, "--json"]);
    const last = JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? "{}") as { event?: string; proof?: Proof };
    expect({ exitCode: ended.exitCode, event: last.event, stderr: ended.stderr.slice(-500) }).toMatchObject({
      exitCode: 0,
      event: "completed",
    });
    const proof = last.proof;
    expect(proof?.exact).toBe(true);
    expect(proof?.segments.length).toBeGreaterThanOrEqual(5);
    expect(new Set(proof?.segments.map(({ client }) => client)).size).toBe(2);
    const [want, got] = await Promise.all([sourceFrames(source), framesOf(output)]);
    expect(got.md5.length).toBe(SECONDS * 25);
    expect(largestTimingError(want, got)).toBeLessThanOrEqual(Math.min(want.tick, got.tick) / 2);

    const packets = await packetsOf(output);
    const rate = packets.reduce((sum, { bits }) => sum + bits, 0) / SECONDS;
    if (bitrate !== null) {
      expect(Math.abs(rate / bitrate - 1)).toBeLessThanOrEqual(0.02);
    }
    const check = (name: string) => proof?.checks.find((each) => each.name === name);
    expect(check("bitrate")?.ok ?? null).toBe(bitrate === null ? null : true);
    expect(check("buffer")?.ok ?? null).toBe(buffer === null ? null : true);
    if (buffer !== null) {
      expect(missingBits(packets, ...buffer)).toBe(0);
      // The row would prove nothing if the bound were out of reach: a second of the busiest part must come near it.
      const busiest = Math.max(...packets.map(({ seconds }) => bitsWithin(packets, seconds, 1)));
      expect(busiest).toBeGreaterThan(0.6 * buffer[0]);
    }
  }, 180_000);
}

function bitsWithin(packets: readonly Packet[], from: number, seconds: number): number {
  let sum = 0;
  for (const packet of packets) if (packet.seconds >= from && packet.seconds < from + seconds) sum += packet.bits;
  return sum;
}

test("a size, a loudness and a crop beside a preset: the file ends just under the size, and the proof says what was done", async () => {
  const [barred, output] = [cluster.path("barred.mkv"), cluster.path("sized.mp4")];
  const tone = ["-f", "lavfi", "-i", `aevalsrc='0.05*sin(880*t*t)':d=${SECONDS}`];
  await outputOf("ffmpeg", [
    ...["-nostdin", "-v", "error", "-i", source, ...tone, "-vf", "pad=320:240:0:30", "-c:v", "libx264"],
    ...["-preset", "ultrafast", "-g", "25", "-c:a", "flac", "-y", barred],
  ]);
  const asked = ["--preset", "device-phone", "--size", "700k", "--crop", "auto", "--audio", "normalize"];
  const ended = await cluster.command(["submit", barred, "-o", output, ...asked, "--json"]);
  expect({ exitCode: ended.exitCode, stderr: ended.stderr }).toMatchObject({
    exitCode: 0,
    stderr: expect.stringMatching(/barred\.mkv: crop 320:180:0:30, found at \d+ of \d+ places/),
  });
  const { proof } = JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? "{}") as { proof?: Proof };
  expect(proof?.exact).toBe(true);
  expect(proof?.checks.find(({ name }) => name === "size")?.ok).toBe(true);
  expect(proof?.notes?.join()).toMatch(/audio stream 1 was -\d\S* LUFS and is -23 LUFS now/);
  const { size } = await stat(output);
  expect(size).toBeLessThanOrEqual(700_000);
  // A tone takes less than the bit rate that the preset gives sound.
  expect(size).toBeGreaterThan(560_000);
}, 180_000);
