// Full range, pixel formats and the tag of the range, over the whole media layer: the planes of FFV1 are the source's, byte
// for byte, and what every other encoder makes is what plain ffmpeg of the same version makes. Over the ffmpeg that is
// found; with FFCLUSTER_FFMPEGS=DIR over each DIR/VERSION/ffmpeg, with more sources and encoders.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runUnconfined } from "../../src/media/ffmpeg/run-tool.fixture.ts";
import { fileUrl } from "../../src/media/ffmpeg/tool-args.ts";
import { findTools, type Tools } from "../../src/media/ffmpeg/tools.ts";
import { runLocally } from "../../src/media/local/local-pipeline.ts";
import { isSameFormat } from "../../src/media/request/args/encoded-format.ts";
import { parseEncodeParams } from "../../src/media/request/parse/parse-params.ts";
import { probeSource } from "../../src/media/source/probe.ts";
import { hasCodec } from "../support/has-codec.ts";
import { rowsOf } from "../support/long-run.ts";

const TIMEOUT_MS = 60_000;
const folderOfVersions = process.env.FFCLUSTER_FFMPEGS;
const isLong = folderOfVersions !== undefined;
const VERSIONS: readonly string[] = isLong ? readdirSync(folderOfVersions).filter((name) => /^\d/.test(name)) : [""];

const X264 = "-c:v libx264 -preset ultrafast";
const FFV1 = "-c:v ffv1 -g 1";
const FULL = "scale=out_range=full";

/** Name of the file, filters behind testsrc2, how it is made. */
type Source = readonly [name: string, filters: string, make: string];

const FULL_RANGE: readonly Source[] = [
  [
    "j420.mp4",
    `${FULL}:out_color_matrix=bt709,format=yuvj420p`,
    `${X264} -color_range pc -colorspace bt709 -color_primaries bt709 -color_trc bt709`,
  ],
  [
    "ten.mp4",
    `${FULL},format=yuv420p10le`,
    "-c:v libx265 -preset ultrafast -x265-params log-level=none:range=full -color_range pc",
  ],
];
const MORE_FULL_RANGE: readonly Source[] = [
  ["j422.mov", "format=yuvj422p", "-c:v mjpeg -q:v 3"],
  ["444.webm", `${FULL},format=yuv444p`, "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -color_range pc"],
  ["j444.mkv", "format=yuvj444p", `${X264} -color_range pc`],
  ["422-10.mkv", `${FULL},format=yuv422p10le`, `${FFV1} -color_range pc`],
];
/** Full range by tag alone. */
const BY_TAG = ["ten.mp4", "444.webm", "422-10.mkv"];
const LIMITED_RANGE: readonly Source[] = [["tv.mp4", "format=yuv420p", `${X264} -x264-params fullrange=off`]];
const MORE_LIMITED_RANGE: readonly Source[] = [
  ["nv12.avi", "format=nv12", "-c:v rawvideo"],
  ["410.mkv", "format=yuv410p", FFV1],
  ["nine.mkv", "format=yuv420p9le", FFV1],
  ["sixteen.mkv", "format=yuv444p16le", FFV1],
  ["alpha.mkv", "format=yuva444p", FFV1],
  ["prores.mov", "format=yuva444p10le", "-c:v prores_ks -profile:v 4"],
];
/** No range to speak of: RGB and grey. */
const OTHERS: readonly Source[] = [
  ["png.mov", "format=rgb24", "-c:v png"],
  ["bgr0.mkv", "format=bgr0", FFV1],
  ["gbrp12.mkv", "format=gbrp12le", FFV1],
  ["grey.mkv", "format=gray", FFV1],
  ["grey10.mkv", "format=gray10le", FFV1],
];

type Range = "pc" | "tv" | null;
/** What is asked, the range of the output, and whose its pictures are. */
type Target = readonly [params: string, range: Range, pictures: "the source's" | "plain ffmpeg's"];

const OF_FULL: readonly Target[] = [
  [FFV1, "pc", "the source's"],
  ["-c:v prores_ks", "tv", "plain ffmpeg's"],
  // Until 7.0 plain ffmpeg says no range behind it.
  [`${X264} -qp 0 -vf tmix=frames=2`, "pc", "plain ffmpeg's"],
];
/** The first two: as with the filter above, and of the format as prores_ks. */
const MORE_OF_FULL: readonly Target[] = [
  [`${X264} -qp 0`, "pc", "plain ffmpeg's"],
  [`${FFV1} -pix_fmt yuv422p`, "tv", "plain ffmpeg's"],
  [`${X264} -qp 0 -color_range tv`, null, "plain ffmpeg's"],
  ["-c:v libx265 -preset ultrafast -x265-params lossless=1", "pc", "plain ffmpeg's"],
  ["-c:v libvpx-vp9 -lossless 1 -deadline realtime -cpu-used 8", "pc", "the source's"],
  ["-c:v mpeg4 -q:v 2 -g 1", "tv", "plain ffmpeg's"],
  ["-c:v mpeg2video -q:v 2 -g 1", "tv", "plain ffmpeg's"],
  ["-c:v mjpeg -q:v 2", "pc", "plain ffmpeg's"],
  ["-c:v utvideo", "tv", "plain ffmpeg's"],
  ["-c:v ffvhuff", "tv", "plain ffmpeg's"],
  [`${X264} -qp 0 -vf scale=out_range=tv,format=yuv420p`, "tv", "plain ffmpeg's"],
];
const OF_LIMITED: readonly Target[] = [
  [FFV1, "tv", "plain ffmpeg's"],
  [`${X264} -qp 0 -pix_fmt yuv420p`, "tv", "plain ffmpeg's"],
  // Until 7.0 said, since then converted: headers are alike.
  [`${FFV1} -color_range pc`, "pc", "plain ffmpeg's"],
  [`${X264} -qp 0 -pix_fmt yuv420p -colorspace bt709`, "tv", "plain ffmpeg's"],
];
const OF_OTHERS: readonly Target[] = [
  [FFV1, null, "plain ffmpeg's"],
  [`${X264} -qp 0`, null, "plain ffmpeg's"],
  ["-c:v prores_ks", "tv", "plain ffmpeg's"],
];

const pairs = (sources: readonly Source[], targets: readonly Target[]) =>
  sources.flatMap(([source]) => targets.map(([params, range, whose]) => ({ source, params, range, whose })));
const CASES = isLong
  ? [
      ...pairs([...FULL_RANGE, ...MORE_FULL_RANGE], [...OF_FULL, ...MORE_OF_FULL]),
      ...pairs([...LIMITED_RANGE, ...MORE_LIMITED_RANGE], OF_LIMITED),
      ...pairs(OTHERS, OF_OTHERS),
    ]
  : rowsOf(
      [
        ...pairs(FULL_RANGE.slice(0, 1), OF_FULL),
        ...pairs(FULL_RANGE.slice(1), OF_FULL.slice(0, 1)),
        ...pairs(LIMITED_RANGE, OF_LIMITED.slice(1)),
      ],
      [
        ...pairs(FULL_RANGE, MORE_OF_FULL.slice(0, 2)),
        ...pairs(FULL_RANGE.slice(1), OF_FULL.slice(1)),
        ...pairs(LIMITED_RANGE, OF_LIMITED.slice(0, 1)),
      ],
    );

let folder: string;
async function ffmpeg(tools: Tools, args: readonly string[]): Promise<string> {
  const result = await runUnconfined({
    program: tools.ffmpeg,
    args: ["-nostdin", "-v", "error", ...args],
    timeoutMs: TIMEOUT_MS,
  });
  expect(result).toMatchObject({ ended: "exit", exitCode: 0 });
  return result.stdout.trim();
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-range-"));
  const tools = await findTools(process.env);
  const sources = [...FULL_RANGE, ...LIMITED_RANGE];
  if (isLong) sources.push(...MORE_FULL_RANGE, ...MORE_LIMITED_RANGE, ...OTHERS);
  for (const [name, filters, make] of sources) {
    const lavfi = `testsrc2=s=96x64:r=25,trim=end_frame=6,${filters}`;
    await ffmpeg(tools, ["-f", "lavfi", "-i", lavfi, "-g", "3", ...make.split(" "), "-y", fileUrl(join(folder, name))]);
  }
}, TIMEOUT_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Of all decoded samples, in the pixel format that the decoder gives: yuvj420p and yuv420p have the same. */
const samples = (tools: Tools, path: string) =>
  ffmpeg(tools, [
    "-i",
    fileUrl(path),
    "-map",
    "0:v:0",
    ...["-fps_mode", "passthrough", "-c:v", "rawvideo", "-f", "md5", "-"],
  ]);

for (const version of VERSIONS) {
  describe(version === "" ? "the ffmpeg that is found" : `ffmpeg ${version}`, () => {
    let tools: Tools;
    beforeAll(async () => {
      tools = isLong
        ? await findTools({ FFCLUSTER_FFMPEG_DIR: join(folderOfVersions, version) })
        : await findTools(process.env);
    });
    for (const { source, params, range, whose } of CASES) {
      test(
        `${source}: ${params}`,
        async () => {
          if (!(await hasCodec(tools, "encoder", params.split(" ")[1] ?? ""))) return;
          if (source === "png.mov" && !(await hasCodec(tools, "decoder", "png"))) return;
          const path = join(folder, source);
          const workDir = await mkdtemp(join(folder, "run-"));
          const threads = source === "410.mkv" ? 2 : 1;
          const options = { workDir, container: "mkv", segmentSeconds: 0.1, threads } as const;
          const result = await runLocally(tools, path, parseEncodeParams(params), options);
          expect(result.check.checks.filter((check) => !check.ok)).toEqual([]);
          expect(result.segments.length).toBeGreaterThan(1);
          const plain = join(workDir, "plain.mkv");
          const args = ["-i", fileUrl(path), "-map", "0:v:0", "-fps_mode", "passthrough", ...params.split(" ")];
          const made = await probeSource(tools, result.outputPath);
          // A build without ten bits can't give the source's.
          const { pixelFormat } = (await probeSource(tools, path)).video;
          const isPlain = whose === "plain ffmpeg's" || !isSameFormat(made.video.pixelFormat, pixelFormat);
          if (isPlain) await ffmpeg(tools, ["-filter_threads", "1", ...args, "-threads", "1", "-y", fileUrl(plain)]);
          const yardstick = isPlain ? plain : path;
          // Before 7.1 plain ffmpeg leaves full range to Matroska's tag in codecs that MP4 and MOV could not tag.
          const isOlder = tools.major < 7 || (tools.major === 7 && tools.minor < 1);
          const isOtherByDesign = isOlder && range === "tv" && BY_TAG.includes(source);
          if (!isOtherByDesign) expect(await samples(tools, result.outputPath)).toBe(await samples(tools, yardstick));
          if (range !== null) expect(made.video.colour.range).toBe(range);
        },
        TIMEOUT_MS,
      );
    }
  });
}
