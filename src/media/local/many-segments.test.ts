// More segments than rounding could hide in: each of over 500 joined segments lands on its tick.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { framesOf, largestTimingError } from "../../../test/support/frames.ts";
import { succeeded } from "../../base/process/run-process.ts";
import { runUnconfined } from "../ffmpeg/run-tool.fixture.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import { emptyEncodeRequest } from "../model/encode-request.ts";
import { planStreams } from "../plan/stream-plan.ts";
import { segmentClockArgs } from "../segment/segment-clock.ts";
import { probeSource } from "../source/probe.ts";
import { readOutputClock } from "../stitch/output-clock.ts";
import { stitch } from "../stitch/stitch.ts";

const TICK = { num: 1, den: 90_000 };
/** Of 29.97 frames a second: two of them last no whole number of microseconds. */
const FRAME_TICKS = 3003;
const SEGMENTS = 520;
const FRAMES_EACH = 2;
const LOSSLESS = ["-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", "-g", String(FRAMES_EACH)];

let tools: Tools;
let folder: string;
beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "ffcluster-many-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function ffmpeg(args: readonly string[]): Promise<void> {
  const ended = await runUnconfined({ program: tools.ffmpeg, args: ["-nostdin", "-v", "error", ...args] });
  expect(succeeded(ended) ? "" : ended.stderrTail).toBe("");
}

async function makeSource(): Promise<string> {
  const path = join(folder, "source.mp4");
  const pictures = `testsrc2=s=64x48:r=30000/1001,trim=end_frame=${SEGMENTS * FRAMES_EACH}`;
  await ffmpeg(["-f", "lavfi", "-i", pictures, ...LOSSLESS, "-video_track_timescale", String(TICK.den), path]);
  return path;
}

/** As clients make them, in one run of ffmpeg instead of one for each. */
async function makeSegments(source: string) {
  const cuts = Array.from({ length: SEGMENTS - 1 }, (_, n) => (n + 1) * FRAMES_EACH).join(",");
  await ffmpeg([
    ...["-i", source, "-copyts", "-enc_time_base", "1/90000", "-fps_mode", "passthrough", ...LOSSLESS],
    ...["-sc_threshold", "0", "-f", "segment", "-segment_format", "nut", "-segment_frames", cuts],
    ...[...segmentClockArgs(TICK), join(folder, "%d.nut")],
  ]);
  return Array.from({ length: SEGMENTS }, (_, n) => {
    const firstPts = n * FRAMES_EACH * FRAME_TICKS;
    const lastPts = firstPts + (FRAMES_EACH - 1) * FRAME_TICKS;
    return { path: join(folder, `${n}.nut`), frames: FRAMES_EACH, firstPts, lastPts, lastShown: FRAMES_EACH - 1 };
  });
}

test("more than 500 segments at 1/90000 land on their ticks", async () => {
  const sourcePath = await makeSource();
  const segments = await makeSegments(sourcePath);
  const empty = emptyEncodeRequest();
  const request = { ...empty, video: { ...empty.video, encoder: "libx264" } };
  const info = await probeSource(tools, sourcePath);
  const plan = planStreams(info, request, "mp4");
  const files = { sourcePath, sourceTracks: new Map(), audioPaths: [], workDir: folder };
  const beginnings = async () => new Map();
  const outputPath = join(folder, "output.mp4");
  await stitch(tools, {
    info,
    request,
    plan,
    segments,
    encoderTimeBase: TICK,
    firstFrameUs: 0,
    lastDuration: FRAME_TICKS,
    sourcePath,
    audioPaths: [],
    outputPath,
    clock: await readOutputClock(tools, { info, plan, beginnings, ...files }),
  });
  const [want, got] = await Promise.all([framesOf(sourcePath), framesOf(outputPath)]);
  expect(got.tick).toBeCloseTo(1 / TICK.den, 12);
  expect(got.md5.length).toBe(SEGMENTS * FRAMES_EACH);
  expect(got.md5).toEqual([...want.md5]);
  expect(largestTimingError(want, got)).toBeLessThan(1e-9);
}, 120_000);
