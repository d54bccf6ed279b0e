// Filters over a split video against one run of plain ffmpeg: whatever the class of the filter, the joined output has the
// same pictures at the same times. Real ffmpeg, no cluster; the yardstick uses no code of the product.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DecodedFrame, decodedFrames } from "../../../test/support/decoded.ts";
import { rowsOf } from "../../../test/support/long-run.ts";
import { hardCase } from "../../../test/support/media.ts";
import { runUnconfined } from "../ffmpeg/run-tool.fixture.ts";
import { fileUrl } from "../ffmpeg/tool-args.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { type LocalResult, runLocally } from "./local-pipeline.ts";

const TIMEOUT_MS = 90_000;

let tools: Tools;
let folder: string;
const clips = new Map<string, Promise<string>>();
beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "ffcluster-filters-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Pictures that differ from frame to frame everywhere, so that a wrong neighbour shows. */
const moving = (rate: string, seconds: number) =>
  `testsrc2=s=96x64:r=${rate}:d=${seconds},noise=alls=12:allf=t:all_seed=5,format=yuv420p`;
const x264 = (...more: string[]) => ["-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", ...more];
const CLIPS: Readonly<Record<string, readonly string[]>> = {
  "cfr.mp4": ["-f", "lavfi", "-i", moving("24000/1001", 3), ...x264("-g", "24", "-bf", "2")],
  // Constant stretches of 30, 12 and 50 frames a second, and half a second without any; it begins at 5 s.
  "vfr.mkv": [
    ...["-f", "lavfi", "-i", moving("150", 4.4), "-vf"],
    "select='if(lt(t,1.5),not(mod(n,5)),if(lt(t,2.5),not(mod(n,13)),if(lt(t,3),0,not(mod(n,3)))))'",
    ...["-fps_mode", "vfr", "-output_ts_offset", "5", ...x264("-g", "12", "-bf", "1")],
  ],
  "interlaced.ts": [
    ...["-f", "lavfi", "-i", `${moving("50", 3)},tinterlace=4,setfield=tff`, "-f", "lavfi", "-i", "sine=d=3"],
    ...[...x264("-flags", "+ilme+ildct", "-x264-params", "tff=1", "-g", "20"), "-c:a", "mp2", "-muxdelay", "0.7"],
  ],
  "intra.mov": ["-f", "lavfi", "-i", moving("30", 3), ...x264("-g", "1")],
};

function clip(name: string): Promise<string> {
  const known = clips.get(name);
  if (known !== undefined) return known;
  const path = join(folder, name);
  const made = runUnconfined({
    program: tools.ffmpeg,
    args: ["-v", "error", "-nostdin", ...(CLIPS[name] ?? []), "-y", path],
  }).then((result) => {
    expect(result.stderrTail).toBe("");
    return path;
  });
  clips.set(name, made);
  return made;
}

/** Each frame as plain ffmpeg gives them: times from the start of the picture on, the only stream that is kept. */
const framesOf = (path: string, chain: string | null, rate: string | null = null) => {
  const args = [
    ...["-filter_threads", "1", "-i", fileUrl(path), "-map", "0:V:0"],
    ...(chain === null ? [] : ["-vf", chain]),
    ...["-pix_fmt", "yuv420p"],
    ...(rate === null ? ["-enc_time_base:v", "1/1000000"] : ["-r", rate]),
  ];
  return decodedFrames(tools.ffmpeg, args, rate === null ? "passthrough" : "cfr");
};

interface Compared {
  readonly result: LocalResult;
  readonly plain: readonly DecodedFrame[];
  readonly output: readonly DecodedFrame[];
}

async function compare(name: string, params: string, chain: string | null, exactly = true): Promise<Compared> {
  const path = await (CLIPS[name] === undefined ? hardCase(name) : clip(name));
  const workDir = await mkdtemp(join(folder, "run-"));
  const options = { workDir, container: "mov", segmentSeconds: 1, threads: 1, exactly } as const;
  const request = parseEncodeParams(`-c:v ffv1 -an ${params}`);
  const rate = /-r (\S+)/.exec(params)?.[1] ?? null;
  const [result, plain] = await Promise.all([runLocally(tools, path, request, options), framesOf(path, chain, rate)]);
  return { result, plain, output: await framesOf(result.outputPath, null) };
}

function expectSame({ result, plain, output }: Compared): void {
  expect(output.length).toBe(plain.length);
  expect(output.map((frame) => frame.md5)).toEqual(plain.map((frame) => frame.md5));
  const first = (output[0]?.us ?? 0) - (plain[0]?.us ?? 0);
  const errors = output.map((frame, position) => Math.abs(frame.us - (plain[position]?.us ?? 0) - first));
  expect(Math.max(...errors)).toBeLessThanOrEqual(1);
  expect(result.notes).toEqual([]);
  expect(result.seamProblems).toEqual([]);
  expect(result.check.checks.filter((check) => !check.ok)).toEqual([]);
  // Planned from the index alone, not read from what came out.
  expect(result.segments.every((segment) => segment.task.expectedFrames === segment.facts.frames)).toBe(true);
}

const PER_FRAME = "crop=80:48:8:8,scale=64:40,pad=72:48:4:4,transpose=1,eq=contrast=1.2";
/** What depends on the clock: a fade at a time, a stretch of time, an angle that grows. */
const BY_TIME = "fade=in:st=1.2:d=1,negate=enable='between(t,2.1,2.6)',rotate=a=t/3";
const NEIGHBOURS = "atadenoise=s=7,deflicker=size=5,dedot,phase=mode=t,normalize=smoothing=4";

describe("split, and equal to one run", () => {
  type Row = readonly [clip: string, segments: number, chain: string, params?: string, chainOfPlain?: string | null];
  const usual: readonly Row[] = [
    ["cfr.mp4", 3, "tmix=frames=60,tmedian=radius=2,kerndeint"],
    ["cfr.mp4", 3, NEIGHBOURS],
    ["cfr.mp4", 3, "fps=7:round=up,tmix=frames=3,eq=contrast=1.1"],
    ["vfr.mkv", 4, `yadif,${BY_TIME}`],
    ["vfr.mkv", 4, "yadif=1"],
    ["interlaced.ts", 2, "yadif=mode=1,fps=30"],
    ["intra.mov", 2, "fps=0.7:eof_action=pass"],
  ];
  const more: readonly Row[] = [
    // As the seeds of differential.test.ts have it, and yadif.
    ["cfr.mp4", 3, "", "-r 30", null],
    ["interlaced.ts", 2, "bwdif"],
    // As real-ffmpeg.test.ts has it of every filter.
    ["cfr.mp4", 3, PER_FRAME],
    ["cfr.mp4", 3, "fps=30"],
    ["vfr.mkv", 4, "", "-vf scale=64:48 -r 30000/1001", "scale=64:48"],
    ["interlaced.ts", 2, BY_TIME],
    ["interlaced.ts", 2, "w3fdif,tmix"],
    ["interlaced.ts", 2, "yadif=deint=1"],
  ];
  for (const [name, segments, chain, params = `-vf "${chain}"`, chainOfPlain = chain] of rowsOf(usual, more)) {
    test(
      `${name} ${params}`,
      async () => {
        const compared = await compare(name, params, chainOfPlain);
        expectSame(compared);
        expect(compared.result.segments.length).toBe(segments);
      },
      TIMEOUT_MS,
    );
  }
});

test(
  "what cannot be split exactly is one segment, or said to be inexact",
  async () => {
    const whole = await compare("cfr.mp4", "-vf hqdn3d=8", "hqdn3d=8");
    expectSame(whole);
    expect(whole.result.segments.length).toBe(1);
    const rated = await compare("cfr.mp4", "-vf yadif=1 -r 30", "yadif=1");
    expect(rated.result.segments.length).toBe(1);
    expect(rated.output.map((frame) => frame.md5)).toEqual(rated.plain.map((frame) => frame.md5));
    const split = await compare("cfr.mp4", "-vf hqdn3d=8", "hqdn3d=8", false);
    expect(split.result.segments.length).toBe(3);
    expect(split.output.length).toBe(split.plain.length);
  },
  TIMEOUT_MS,
);

test(
  "where packets are not frames, a decode with the filters that change times tells what must come out",
  async () => {
    const { result, plain, output } = await compare("paff-h264.ts", "-vf bwdif,fps=30", "bwdif,fps=30");
    expect(result.notes).toContain("believed by reference decoding");
    expect(output.map((frame) => frame.md5)).toEqual(plain.map((frame) => frame.md5));
    expect(result.check.checks.filter((check) => !check.ok)).toEqual([]);
  },
  TIMEOUT_MS,
);
