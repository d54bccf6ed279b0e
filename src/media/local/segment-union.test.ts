// Whatever the source and wherever it is cut: the segments together are the source, no frame lost, none twice. Once on
// random indexes, by planning alone; once on real clips with random cuts, by decoding what was planned.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { framesOf } from "../../../test/support/frames.ts";
import { rowsOf } from "../../../test/support/long-run.ts";
import { hardCase } from "../../../test/support/media.ts";
import { formatRational } from "../../base/rational.ts";
import { runUnconfined } from "../ffmpeg/run-tool.fixture.ts";
import { fileUrl } from "../ffmpeg/tool-args.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import { piecesOf } from "../index/cut-points.ts";
import type { FrameIndex } from "../index/frame-index.ts";
import { GrowingFrameIndex } from "../index/growing-frame-index.ts";
import { indexSource } from "../index/index-source.ts";
import { emptyEncodeRequest } from "../model/encode-request.ts";
import type { LeadIn, SegmentTask } from "../model/segment.ts";
import type { SourceInfo } from "../model/source.ts";
import { filterGraph, seamOutput } from "../segment/cut-range.ts";
import { decodeArgs } from "../segment/decode-args.ts";
import { planSegment, type SegmentRange } from "../segment/segment-task.ts";
import { probeSource } from "../source/probe.ts";

const request = { ...emptyEncodeRequest(), video: { ...emptyEncodeRequest().video, encoder: "ffv1" } };

let tools: Tools;
let folder: string;
let info: SourceInfo;

beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "ffcluster-union-"));
  info = await probeSource(tools, await hardCase("opengop-h264.mp4"));
}, 180_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Ranges that meet at the frames picked, in order; a picked frame that is the first one cuts nothing. */
function rangesAt(index: FrameIndex, picks: readonly number[]): SegmentRange[] {
  const frames = index.framePts(null, null);
  const first = index.keyFrames[0]?.pts ?? 0;
  const cuts = [...new Set(picks.map((pick) => frames[pick % frames.length] ?? first))]
    .filter((pts) => pts > first)
    .sort((a, b) => a - b);
  return [first, ...cuts].map((startPts, position) => ({ startPts, endPts: cuts[position] ?? index.endPts }));
}

const FORMATS = ["mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "mpegts", "avi", "mpeg", "ogg"];

interface RandomSource {
  readonly formatName: string;
  readonly first: number;
  /** Ticks to the frame before, whether it is a key frame, whether an edit list hides it. */
  readonly frames: readonly (readonly [step: number, isKey: boolean, isHidden: boolean])[];
  /** By how many frames decoding runs ahead. */
  readonly delay: number;
  readonly picks: readonly number[];
  readonly leadIn: LeadIn;
}

const randomSource: fc.Arbitrary<RandomSource> = fc.record({
  formatName: fc.constantFrom(...FORMATS),
  first: fc.integer({ min: -200_000, max: 9_000_000 }),
  frames: fc.array(
    fc.tuple(
      fc.integer({ min: 1, max: 20_000 }),
      fc.integer({ min: 0, max: 9 }).map((roll) => roll === 0),
      fc.integer({ min: 0, max: 40 }).map((roll) => roll === 0),
    ),
    { minLength: 1, maxLength: 400 },
  ),
  delay: fc.integer({ min: 0, max: 4 }),
  picks: fc.array(fc.nat({ max: 100_000 }), { maxLength: 12 }),
  leadIn: fc.constantFrom<LeadIn>(0, 1, 3),
});

function indexOf({ first, frames, delay }: RandomSource): GrowingFrameIndex {
  const index = new GrowingFrameIndex({ num: 1, den: 90_000 }, { num: 25, den: 1 });
  let clock = first;
  const shown = frames.map(([step, isKey, isHidden], position) => {
    clock += step;
    return { pts: clock, isKey: isKey || position === 0, isDiscarded: isHidden && position > 0 };
  });
  for (const [position, frame] of shown.entries()) {
    const dts = shown[position - delay]?.pts ?? first - delay + position;
    index.add({ ...frame, dts, duration: 1, bytePosition: position * 1000 });
  }
  index.finish();
  return index;
}

test("on any index, cut anywhere, the planned ranges hold each frame once and begin at or before it", () => {
  fc.assert(
    fc.property(randomSource, (source) => {
      const index = indexOf(source);
      const tasks = rangesAt(index, source.picks).map((range) =>
        planSegment(
          { info: { ...info, formatName: source.formatName }, index, grid: null },
          request,
          range,
          source.leadIn,
        ),
      );
      const planned = tasks.flatMap((task) => index.framePts(task.startPts, task.endPts));
      expect(planned).toEqual(index.framePts(null, null));
      expect(tasks.reduce((sum, task) => sum + (task.expectedFrames ?? 0), 0)).toBe(index.frameCount);
      expect([tasks[0]?.startPts, tasks.at(-1)?.endPts]).toEqual([null, null]);
      for (const task of tasks) expectSeekBefore(index, task);
    }),
    { numRuns: 500 },
  );
});

/** The seek lands on a key frame at or before the range: at the time asked for or at the last one before it. */
function expectSeekBefore(index: FrameIndex, { startPts, seekPts, byteRange }: SegmentTask): void {
  if (seekPts === null || startPts === null) return;
  const key = index.keyFrameAtOrBefore(seekPts);
  expect(key).not.toBeNull();
  expect(key?.pts).toBeLessThanOrEqual(startPts);
  if (byteRange !== null) expect(byteRange.start).toBeLessThan(byteRange.end);
}

/** Pictures by MD5 with their times in source ticks, as the planned run decodes them. */
async function decodeTask(path: string, task: SegmentTask): Promise<string[]> {
  const output = join(folder, `${crypto.randomUUID()}.txt`);
  const tick = ["-enc_time_base", formatRational(task.timeBase)];
  const result = await runUnconfined({
    program: tools.ffmpeg,
    args: [
      ...decodeArgs(task, { input: fileUrl(path), inputKind: "file", threads: 1 }, null),
      ...["-filter_complex", filterGraph(task, []), "-map", "[v]", "-fps_mode", "passthrough", ...tick],
      ...["-f", "framehash", "-hash", "md5", fileUrl(output), ...seamOutput(fileUrl(`${output}.seams`), task.timeBase)],
    ],
  });
  expect({ exitCode: result.exitCode, words: result.stderrTail.slice(-500) }).toMatchObject({ exitCode: 0 });
  const rows = (await readFile(output, "utf8")).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return rows.map((row) => {
    const cells = row.split(",").map((cell) => cell.trim());
    return `${cells[2]} ${cells[5]}`;
  });
}

/** Open and closed groups, long ones, variable rates, hidden pictures, edit lists, no index, packets without times. */
const CLIPS = rowsOf(
  ["opengop-h264.mp4", "editlist-midgop.mp4", "xvid-bframes.avi"],
  ["opengop-hevc.ts", "nodur-vp9.webm", "vfr-24-30-60-mix.mkv"],
);

for (const clip of CLIPS) {
  test(`${clip}, cut at random frames: decoded piece by piece it is what it is in one go`, async () => {
    const path = await hardCase(clip);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 100_000 }), { minLength: 1, maxLength: 3 }), async (picks) => {
        await expectUnion(path, (index) => rangesAt(index, picks));
      }),
      { numRuns: 2 },
    );
  }, 180_000);
}

/** Three scenes, so that encoders that look for cuts find two. */
const SCENES = [
  "testsrc2=size=256x144:rate=25:duration=4,format=yuv420p[a]",
  "mandelbrot=size=256x144:rate=25:end_scale=0.1,trim=duration=4,setpts=PTS-STARTPTS,format=yuv420p[b]",
  "cellauto=size=256x144:rate=25,trim=duration=4,setpts=PTS-STARTPTS,format=yuv420p[c]",
  "[a][b][c]concat=n=3[v]",
].join(";");

interface LongGroups {
  readonly clip: string;
  readonly encoder: readonly string[];
  readonly groups: number;
}

/** Groups as long as they come: trailers, screen recordings, whole files behind one key frame. */
const LONG_GROUPS = rowsOf<LongGroups>(
  [
    { clip: "x264.mp4", encoder: ["-c:v", "libx264", "-preset", "veryfast", "-g", "600", "-bf", "3"], groups: 3 },
    {
      clip: "x265-open.mp4",
      encoder: [
        ...["-c:v", "libx265", "-preset", "ultrafast", "-x265-params"],
        "log-level=error:open-gop=1:keyint=150:min-keyint=150:scenecut=0:bframes=4:b-adapt=0:frame-threads=1",
      ],
      groups: 2,
    },
    { clip: "mpeg2.ts", encoder: ["-c:v", "mpeg2video", "-g", "300", "-bf", "2", "-q:v", "5"], groups: 1 },
  ],
  [
    {
      clip: "x264-one-key.mkv",
      encoder: ["-c:v", "libx264", "-preset", "veryfast", "-g", "600", "-sc_threshold", "0"],
      groups: 1,
    },
    {
      clip: "vp9.webm",
      encoder: ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "600"],
      groups: 1,
    },
  ],
);

for (const { clip, encoder, groups } of LONG_GROUPS) {
  test(`${clip}, cut inside its long groups where the index allows it: decoded piece by piece it is what it is in one go`, async () => {
    const path = join(folder, clip);
    const args = [
      "-v",
      "error",
      "-filter_complex",
      SCENES,
      "-map",
      "[v]",
      "-threads",
      "1",
      ...encoder,
      "-y",
      fileUrl(path),
    ];
    const made = await runUnconfined({ program: tools.ffmpeg, args });
    expect({ exitCode: made.exitCode, words: made.stderrTail.slice(-500) }).toMatchObject({ exitCode: 0 });
    await expectUnion(path, (index) => {
      const inside = index.gops.flatMap((gop) => piecesOf(gop, index)).filter(({ leadFrames = 0 }) => leadFrames > 0);
      expect(inside.length).toBeGreaterThan(8);
      expect(index.gops.length).toBeWithin(groups, groups + 3);
      expect(inside.reduce((sum, { frames }) => sum + frames, 0)).toBeLessThan(index.frameCount);
      const cuts = [0.15, 0.4, 0.65, 0.9].map((share) => inside[Math.floor(share * inside.length)]?.startPts ?? 0);
      const first = index.keyFrames[0]?.pts ?? 0;
      return [first, ...cuts].map((startPts, at) => ({ startPts, endPts: cuts[at] ?? index.endPts }));
    });
  }, 180_000);
}

/** Decodes the ranges one by one and holds their pictures and times, one after the other, against one run's. */
async function expectUnion(path: string, ranges: (index: FrameIndex) => SegmentRange[]): Promise<void> {
  const source = await probeSource(tools, path);
  const index = await indexSource(tools, path, source, { onGops: () => undefined });
  const whole = await framesOf(path);
  const pieces: string[] = [];
  for (const range of ranges(index)) {
    const task = planSegment({ info: source, index, grid: null }, request, range, 0);
    const decoded = await decodeTask(path, task);
    expect(decoded.length).toBe(index.countFrames(task.startPts, task.endPts));
    pieces.push(...decoded);
  }
  // Both on the clock that begins with the first picture: that of the job may be another than the file's.
  const ticks = whole.pts.map((seconds) => Math.round(seconds / whole.tick));
  const shift = Number(pieces[0]?.split(" ")[0]) - (ticks[0] ?? 0);
  expect(pieces).toEqual(whole.md5.map((md5, position) => `${(ticks[position] ?? 0) + shift} ${md5}`));
}
