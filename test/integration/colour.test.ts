// Colour through the whole media layer with real encoders: what ffprobe reads from the output is what it reads from the
// source, for each encoder and container; what is lost is named; cover art stays. HDR10 metadata is hdr10.test.ts's business.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runUnconfined } from "../../src/media/ffmpeg/run-tool.fixture.ts";
import { fileUrl } from "../../src/media/ffmpeg/tool-args.ts";
import { findTools, type Tools } from "../../src/media/ffmpeg/tools.ts";
import { type LocalResult, runLocally } from "../../src/media/local/local-pipeline.ts";
import type { Container } from "../../src/media/model/source.ts";
import { parseEncodeParams } from "../../src/media/request/parse/parse-params.ts";
import { probeSource } from "../../src/media/source/probe.ts";
import { type Frames, framesOf } from "../support/frames.ts";
import { rowsOf } from "../support/long-run.ts";
import { hardCase, mediaPath } from "../support/media.ts";

const TIMEOUT_MS = 60_000;

const ENCODERS = {
  x264: "-c:v libx264 -preset ultrafast -crf 35",
  x265: "-c:v libx265 -preset ultrafast -crf 35",
  svtav1: "-c:v libsvtav1 -preset 12 -crf 55",
  vp9: "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -crf 50 -b:v 0",
  aom: "-c:v libaom-av1 -usage realtime -cpu-used 8 -crf 55",
  ffv1: "-c:v ffv1",
} as const;

let tools: Tools;
let folder: string;
beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "ffcluster-colour-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function make(name: string, filters: string, encoder: readonly string[]): Promise<string> {
  const path = join(folder, name);
  const lavfi = `testsrc2=s=160x96:r=25,trim=end_frame=20,${filters}`;
  const result = await runUnconfined({
    program: tools.ffmpeg,
    args: ["-nostdin", "-v", "error", "-f", "lavfi", "-i", lavfi, ...encoder, "-g", "10", "-y", fileUrl(path)],
    timeoutMs: TIMEOUT_MS,
  });
  expect(result).toMatchObject({ ended: "exit", exitCode: 0, stderrTail: "" });
  return path;
}

async function run(path: string, params: string, container: Container): Promise<LocalResult> {
  const workDir = await mkdtemp(join(folder, "run-"));
  // The clips made here have two groups of pictures of 0.4 s, the hard cases some of one to four seconds.
  const options = { workDir, container, segmentSeconds: 0.3, threads: 1, signal: AbortSignal.timeout(TIMEOUT_MS) };
  return await runLocally(tools, path, parseEncodeParams(params), options);
}

/** What the project itself reads of a file, but by a probe of the output as if it were a source. */
async function pictureOf(path: string) {
  const { video, streams } = await probeSource(tools, path);
  const { colour, sampleAspectRatio, fieldOrder, hdr } = video;
  return { colour, shape: sampleAspectRatio, fieldOrder, hdr, streams };
}

const failed = (result: LocalResult) => result.check.checks.filter((check) => !check.ok);
const X264 = ["-c:v", "libx264", "-preset", "ultrafast"];

type Target = readonly [keyof typeof ENCODERS, Container, ...but: ("chroma" | "fields")[]];

interface Source {
  readonly title: string;
  readonly filters: string;
  readonly encoder: readonly string[];
  /** Encoder and container pairs whose output must say all that the source says; `but` is what they can't hold. */
  readonly targets: readonly Target[];
}

const SOURCES: readonly Source[] = [
  {
    title: "PAL, its own transfer, chroma at the top left, anamorphic",
    filters: "setsar=16/11,format=yuv420p",
    encoder: [
      ...X264,
      "-x264-params",
      "colorprim=bt470bg:transfer=bt470bg:colormatrix=bt470bg:chromaloc=2:fullrange=off",
    ],
    targets: rowsOf<Target>(
      [
        ["svtav1", "mp4"],
        ["vp9", "mp4", "chroma"],
        ["ffv1", "mkv", "fields"],
      ],
      // x264 has the interlaced source below.
      [
        ["x264", "mp4"],
        ["x265", "mkv"],
        ["aom", "mkv"],
      ],
    ),
  },
  {
    title: "HLG in ten bits",
    filters: "format=yuv420p10le",
    encoder: [
      ...["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", "-color_range", "tv"],
      ...["-color_primaries", "bt2020", "-color_trc", "arib-std-b67", "-colorspace", "bt2020nc"],
    ],
    targets: rowsOf<Target>([["x265", "mp4"]], [["svtav1", "mkv"]]),
  },
  {
    title: "interlaced, top field first",
    filters: "tinterlace=interleave_top,setsar=64/45,format=yuv420p",
    encoder: [...X264, "-x264-params", "tff=1:colorprim=bt709:transfer=bt709:colormatrix=bt709:fullrange=off"],
    targets: rowsOf<Target>([["x264", "mp4"]], [["x265", "mkv"]]),
  },
];

for (const { title, filters, encoder, targets } of SOURCES) {
  describe(title, () => {
    let source: string;
    beforeAll(async () => {
      source = await make(`${Bun.hash(title)}.mp4`, filters, encoder);
    });
    for (const [name, container, ...but] of targets) {
      test(
        `${name} → ${container}`,
        async () => {
          const result = await run(source, ENCODERS[name], container);
          expect(failed(result)).toEqual([]);
          const want = await pictureOf(source);
          const got = await pictureOf(result.outputPath);
          expect(want.colour.transfer).not.toBeNull();
          expect(got.colour).toEqual(but.includes("chroma") ? { ...want.colour, chromaLocation: null } : want.colour);
          expect((got.shape?.num ?? 1) / (got.shape?.den ?? 1)).toBeCloseTo(
            (want.shape?.num ?? 1) / (want.shape?.den ?? 1),
            2,
          );
          if (!but.includes("fields")) expect(got.fieldOrder).toBe(want.fieldOrder);
        },
        TIMEOUT_MS,
      );
    }
  });
}

type Lossy = readonly [params: string, Container];

interface Pictures {
  readonly title: string;
  readonly name: string;
  readonly filters: string;
  readonly encoder: readonly string[];
  /** The decoder that plain ffmpeg must be told to use, where its own drops something. */
  readonly decoder?: readonly string[];
  /** As what pictures are compared where FFV1 has no form for the source's. */
  readonly as?: string;
  /** Lossy encoders whose output must have the source's own pixel format. */
  readonly targets: readonly Lossy[];
}

const ALPHA = "format=yuva444p,geq=lum='lum(X,Y)':cb='cb(X,Y)':cr='cr(X,Y)':a='mod(X*4+N*9,256)'";

const USUAL_PICTURES: readonly Pictures[] = [
  {
    title: "4:2:2 in ten bits",
    name: "422.mkv",
    filters: "format=yuv422p10le",
    encoder: X264,
    targets: rowsOf<Lossy>([[ENCODERS.x265, "mkv"]], [[ENCODERS.x264, "mp4"]]),
  },
  {
    title: "alpha in VP9",
    name: "alpha.webm",
    filters: `${ALPHA},format=yuva420p`,
    encoder: ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-auto-alt-ref", "0"],
    decoder: ["-c:v", "libvpx-vp9"],
    targets: [[ENCODERS.vp9, "webm"]],
  },
  {
    title: "alpha in ProRes 4444",
    name: "alpha.mov",
    filters: `${ALPHA},format=yuva444p10le`,
    encoder: ["-c:v", "prores_ks", "-profile:v", "4"],
    as: "format=yuva444p16le",
    targets: [["-c:v prores_ks -profile:v 4", "mov"]],
  },
  {
    title: "alpha in QuickTime Animation",
    name: "animation.mov",
    filters: `${ALPHA},format=argb`,
    encoder: ["-c:v", "qtrle"],
    as: "format=bgra",
    targets: [],
  },
];

/** Another subsampling and another decoder on the ways that the usual ones take. */
const MORE_PICTURES: readonly Pictures[] = [
  {
    title: "4:4:4",
    name: "444.mp4",
    filters: "format=yuv444p",
    encoder: X264,
    targets: [[ENCODERS.vp9, "webm"]],
  },
  { title: "alpha in FFV1", name: "alpha.mkv", filters: ALPHA, encoder: ["-c:v", "ffv1"], targets: [] },
];

for (const { title, name, filters, encoder, decoder, as, targets } of rowsOf(USUAL_PICTURES, MORE_PICTURES)) {
  describe(title, () => {
    let source: string;
    let want: Frames;
    beforeAll(async () => {
      source = await make(name, filters, encoder);
      want = await framesOf(source, as ?? null, decoder);
    });

    test(
      "every picture stays as it is in FFV1",
      async () => {
        const result = await run(source, ENCODERS.ffv1, "mkv");
        expect(failed(result)).toEqual([]);
        expect(result.segments.length).toBeGreaterThan(1);
        const got = await framesOf(result.outputPath, as ?? null);
        expect(want.md5).toHaveLength(20);
        expect(new Set(want.md5).size).toBe(20);
        expect(got.md5).toEqual([...want.md5]);
      },
      TIMEOUT_MS,
    );

    for (const [params, container] of targets) {
      test(
        `${params.split(" ")[1]} → ${container} keeps the pixel format`,
        async () => {
          const result = await run(source, params, container);
          expect(failed(result)).toEqual([]);
          expect(result.segments.length).toBeGreaterThan(1);
          const [own, made] = await Promise.all([probeSource(tools, source), probeSource(tools, result.outputPath)]);
          expect(made.video.pixelFormat).toBe(own.video.pixelFormat);
          expect(made.video.hasAlpha).toBe(own.video.hasAlpha);
          expect(made.video.hasAlpha).toBe(title.startsWith("alpha"));
        },
        TIMEOUT_MS,
      );
    }
  });
}

test(
  "rotated pictures are upright in the output, as ffmpeg turns them, and carry no rotation on",
  async () => {
    const source = await hardCase("rotate-90.mp4");
    const result = await run(source, `${ENCODERS.ffv1} -vf scale=72:-2`, "mkv");
    expect(failed(result)).toEqual([]);
    expect(result.segments.length).toBeGreaterThan(1);
    const [own, made] = await Promise.all([probeSource(tools, source), probeSource(tools, result.outputPath)]);
    expect(Math.abs(own.video.rotationDegrees)).toBe(90);
    expect(made.video).toMatchObject({
      rotationDegrees: 0,
      width: 72,
      height: (72 * own.video.width) / own.video.height,
    });
    const [want, got] = await Promise.all([framesOf(source, "scale=72:-2"), framesOf(result.outputPath)]);
    expect(got.md5).toEqual([...want.md5]);
  },
  TIMEOUT_MS,
);

test.each([
  ...rowsOf<Target>(
    [
      ["x264", "mp4"],
      ["vp9", "mkv"],
    ],
    [
      ["svtav1", "mp4"],
      ["ffv1", "mkv"],
    ],
  ),
])(
  "full range stays full range: %s → %s",
  async (name, container) => {
    const source = await hardCase("fullrange-bt601.mp4");
    const result = await run(source, ENCODERS[name], container);
    expect(failed(result)).toEqual([]);
    const [want, got] = await Promise.all([pictureOf(source), pictureOf(result.outputPath)]);
    expect(want.colour.range).toBe("pc");
    expect(got.colour).toEqual(want.colour);
    expect(result.check.checks.find(({ name }) => name === "colour")?.detail).toContain("range pc");
  },
  TIMEOUT_MS,
);

describe("what the source says of its light is read, in the container or in the first picture", () => {
  const clips = [
    ["hdr10-av1-mdcv-clli.mp4", { contentLight: { max: 1100, average: 180 }, dynamic: [] }],
    ["hdr10plus-hevc-1080p.mp4", { contentLight: { max: 1000, average: 200 }, dynamic: ["HDR10+"] }],
    ["vfr-iphone-hlg-dovi-editlist-rot.mp4", { masteringDisplay: null, dynamic: ["Dolby Vision"] }],
  ] as const;
  for (const [clip, hdr] of clips) {
    const path = mediaPath(clip);
    test.skipIf(path === null)(
      clip,
      async () => {
        expect((await pictureOf(path ?? "")).hdr).toMatchObject(hdr);
      },
      TIMEOUT_MS,
    );
  }
});

const tenPlus = mediaPath("hdr10plus-tos-6f.h265");
test.skipIf(tenPlus === null)(
  "HDR10+ metadata that is lost is named",
  async () => {
    const result = await run(tenPlus ?? "", ENCODERS.x265, "mkv");
    expect(failed(result)).toEqual([]);
    expect(result.check.notes).toContainEqual(expect.stringMatching(/^HDR10\+ metadata is not kept/));
  },
  TIMEOUT_MS,
);

test.each([
  ["multi-everything.mp4", "mkv"],
  ["multi-everything.mkv", "mp4"],
] as const)(
  "cover art of %s stays cover art in %s",
  async (name, container) => {
    const source = await hardCase(name);
    const result = await run(source, `${ENCODERS.x264} -an -vf scale=160:-2`, container);
    expect(failed(result)).toEqual([]);
    const covers = async (path: string) =>
      (await pictureOf(path)).streams.filter((stream) => stream.isAttachedPicture).map(({ codec }) => codec);
    expect(await covers(source)).toEqual(["png"]);
    expect(await covers(result.outputPath)).toEqual(["png"]);
  },
  TIMEOUT_MS,
);
