// Sound that begins before the picture and after it, ends before it and long after it, several tracks at once, copied and
// encoded: every sample of the source is in the output, in its place, by plain ffmpeg's decoding of both.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runUnconfined } from "../../src/media/ffmpeg/run-tool.fixture.ts";
import { fileUrl } from "../../src/media/ffmpeg/tool-args.ts";
import { findTools, type Tools } from "../../src/media/ffmpeg/tools.ts";
import { runLocally } from "../../src/media/local/local-pipeline.ts";
import type { Container } from "../../src/media/model/source.ts";
import { parseEncodeParams } from "../../src/media/request/parse/parse-params.ts";
import { type Sound, soundsOf } from "../support/frames.ts";

const TIMEOUT_MS = 90_000;

/** Each begins so long after the picture and lasts so long; the picture lasts 0.8 s. */
const TRACKS = [
  { begins: 0, lasts: 3.3137 },
  { begins: 0, lasts: 0.45 },
  { begins: -0.5, lasts: 1.7 },
  // In FLAC 25 frames and a bit, the last of which begins on a tick of the MP4 just where the track would end without it.
  { begins: 0.33, lasts: 2.42 },
];
const PICTURE_SECONDS = 0.8;

interface Target {
  readonly container: Container;
  readonly audio: string;
  /** Its samples come out as other ones, at the same place. */
  readonly lossyTrack?: number;
}

interface Source {
  readonly name: string;
  readonly codecs: readonly string[];
  readonly targets: readonly Target[];
}

const SOURCES: readonly Source[] = [
  {
    name: "sounds.mp4",
    codecs: ["aac", "aac", "ac3", "flac"],
    targets: [
      { container: "mp4", audio: "-c:a copy" },
      { container: "mkv", audio: "-c:a copy" },
      { container: "mp4", audio: "-c:a flac -c:a:1 aac", lossyTrack: 1 },
    ],
  },
  {
    name: "sounds.mkv",
    codecs: ["aac", "libopus", "flac", "ac3"],
    targets: [
      { container: "mp4", audio: "-c:a copy" },
      { container: "mkv", audio: "-c:a:0 copy -c:a:1 aac -c:a:2 copy -c:a:3 flac", lossyTrack: 1 },
    ],
  },
];

let tools: Tools;
let folder: string;
beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "ffcluster-sound-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function make(path: string, codecs: readonly string[]): Promise<void> {
  const begin = 0.5;
  const noises = TRACKS.flatMap(({ begins, lasts }, seed) => [
    ...["-itsoffset", String(begin + begins), "-f", "lavfi"],
    ...["-i", `anoisesrc=d=${lasts}:a=0.4:c=pink:r=48000:seed=${seed}`],
  ]);
  const picture = `testsrc2=s=128x72:r=25,trim=end_frame=${PICTURE_SECONDS * 25}`;
  const result = await runUnconfined({
    program: tools.ffmpeg,
    args: [
      ...["-nostdin", "-v", "error", "-itsoffset", String(begin), "-f", "lavfi", "-i", picture, ...noises],
      ...["-map", "0", ...TRACKS.flatMap((_, number) => ["-map", String(number + 1)])],
      ...["-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-fps_mode", "passthrough"],
      ...codecs.flatMap((codec, number) => [`-c:a:${number}`, codec]),
      ...["-strict", "-2", "-y", fileUrl(path)],
    ],
    timeoutMs: TIMEOUT_MS,
  });
  expect(result).toMatchObject({ ended: "exit", exitCode: 0, stderrTail: "" });
}

/** Cosine of the angle between `count` samples of both, from `at` in the one and `shift` later in the other. */
function likeness(a: Int16Array, b: Int16Array, at: number, count: number, shift: number): number {
  let [both, own, other] = [0, 0, 0];
  for (let index = at; index < at + count; index += 1) {
    const [x, y] = [a[index] ?? 0, b[index + shift] ?? 0];
    both += x * y;
    own += x * x;
    other += y * y;
  }
  return both / Math.sqrt(own * other || 1);
}

/** Where in `got` the samples of `want` from `at` on are, within 2 ms of where their times say. */
function shiftOf(want: Sound, got: Sound, at: number, count: number): { shift: number; alike: number } {
  const planned = Math.round((want.begins - got.begins) * want.rate);
  let best = { shift: planned, alike: -1 };
  for (let shift = planned - 96; shift <= planned + 96; shift += 1) {
    const alike = likeness(want.samples, got.samples, at, count, shift);
    if (alike > best.alike) best = { shift, alike };
  }
  return best;
}

/** How many samples of `want` are missing or other in `got`; conversions round by one. */
function samplesLost(want: Sound, got: Sound, shift: number): number {
  let lost = 0;
  for (const [index, sample] of want.samples.entries()) {
    const kept = got.samples[index + shift];
    if (kept === undefined || Math.abs(kept - sample) > 2) lost += 1;
  }
  return lost;
}

const WINDOW = 2400;

for (const { name, codecs, targets } of SOURCES) {
  describe(name, () => {
    let source: string;
    let own: readonly Sound[];
    beforeAll(async () => {
      source = join(folder, name);
      await make(source, codecs);
      own = await soundsOf(source, TRACKS.length);
      // What the test is about must be in the source: sound far beyond the picture's end, and before its beginning.
      const ends = own.map(({ begins, samples, rate }) => begins + samples.length / rate);
      expect(ends[0]).toBeGreaterThan(PICTURE_SECONDS + 2);
      expect(ends[1]).toBeLessThan(PICTURE_SECONDS);
      expect(own[2]?.begins).toBeLessThan(-0.4);
      expect(own[3]?.begins).toBeGreaterThan(0.25);
    }, TIMEOUT_MS);

    for (const { container, audio, lossyTrack } of targets) {
      test(
        `${audio} → ${container}`,
        async () => {
          const workDir = await mkdtemp(join(folder, "run-"));
          const request = parseEncodeParams(`-c:v libx264 -preset ultrafast ${audio}`);
          const options = { workDir, container, segmentSeconds: 0.3, threads: 1 };
          const result = await runLocally(tools, source, request, {
            ...options,
            signal: AbortSignal.timeout(TIMEOUT_MS),
          });
          expect(result.segments.length).toBe(2);
          expect(result.check.checks.filter((check) => !check.ok)).toEqual([]);
          const made = await soundsOf(result.outputPath, TRACKS.length);
          for (const [track, got] of made.entries()) {
            const want = own[track];
            if (want === undefined) throw new Error(`the source has no track ${track}`);
            const atStart = shiftOf(want, got, 0, WINDOW);
            const atEnd = shiftOf(want, got, want.samples.length - WINDOW, WINDOW);
            const places = {
              track,
              start: atStart.alike > 0.7,
              end: atEnd.alike > 0.7,
              drift: atEnd.shift - atStart.shift,
            };
            expect(places).toEqual({ track, start: true, end: true, drift: 0 });
            expect(Math.abs((want.begins - got.begins) * want.rate - atStart.shift)).toBeLessThanOrEqual(48);
            if (track !== lossyTrack) expect(samplesLost(want, got, atStart.shift)).toBe(0);
          }
        },
        TIMEOUT_MS,
      );
    }
  });
}
