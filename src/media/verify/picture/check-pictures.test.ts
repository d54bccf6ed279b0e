// Outputs made by one run of ffmpeg, honest and spoilt, held against their source: every spoilt one is found, no honest
// one is called wrong.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IS_LONG, rowsOf } from "../../../../test/support/long-run.ts";
import { rescale } from "../../../base/rational.ts";
import { runFfmpeg } from "../../ffmpeg/run-ffmpeg.fixture.ts";
import { findTools, type Tools } from "../../ffmpeg/tools.ts";
import { indexSource } from "../../index/index-source.ts";
import type { ProofCheck } from "../../model/proof.ts";
import type { LeadIn } from "../../model/segment.ts";
import { parseEncodeParams } from "../../request/parse/parse-params.ts";
import { probeSource } from "../../source/probe.ts";
import { readOutputPackets } from "../output-packets.ts";
import { checkEveryPicture } from "./check-every-picture.ts";
import { checkPictures } from "./check-pictures.ts";
import type { PicturesInput } from "./comparison.ts";
import { decodeSourceAhead } from "./decode-ahead.ts";
import { comparedFormat } from "./measure/raw-format.ts";
import { SourcePictures } from "./source-pictures.ts";

const tools = await findTools(process.env);
let folder = "";
const at = (name: string) => join(folder, name);

const FRAMES = 48;
const MOVING = "testsrc2=s=320x180:r=24";
const GRAIN = "mandelbrot=s=320x180:r=24:end_scale=0.05,noise=alls=30:allf=t";
const DARK = `${MOVING},format=yuv420p,lutyuv=y=16+(val-16)*0.05:u=128+(val-128)*0.1:v=128+(val-128)*0.1`;

const made = new Map<string, string>();

/** A lossless clip with a key frame every second. */
async function clip(name: string, graph: string, format: string): Promise<string> {
  const path = at(`${name}.mkv`);
  if (made.has(name)) return path;
  const input = ["-f", "lavfi", "-i", `${graph},format=${format}`];
  await runFfmpeg(tools, [...input, "-frames:v", String(FRAMES), "-c:v", "ffv1", "-g", "24", path]);
  made.set(name, graph);
  return path;
}

const read = new Map<string, ReturnType<typeof readSource>>();

async function readSource(source: string) {
  const info = await probeSource(tools, source);
  const found = { info, index: await indexSource(tools, source, info, { onGops: () => undefined }) };
  read.set(source, Promise.resolve(found));
  return found;
}

/** The check of an output of two segments of a second each. */
async function check(
  source: string,
  output: string,
  params: string,
  by: (tools: Tools, input: PicturesInput) => Promise<ProofCheck> = checkPictures,
  leadIn: LeadIn = 0,
): Promise<ProofCheck> {
  const { info, index } = await (read.get(source) ?? readSource(source));
  const second =
    index.keyFrames.find(({ pts }) => pts >= rescale(1, { num: 1, den: 1 }, info.video.timeBase))?.pts ?? null;
  const frames = index.countFrames(null, second);
  const segment = { leadIn, complaint: null };
  const container = output.endsWith(".mp4") ? "mp4" : output.endsWith(".ts") ? "ts" : "mkv";
  return await by(tools, {
    info,
    index,
    request: parseEncodeParams(params),
    grid: null,
    encoderTimeBase: info.video.timeBase,
    segments: [
      { ...segment, startPts: null, endPts: second, frames },
      { ...segment, startPts: second, endPts: null, frames: index.frameCount - frames },
    ],
    framePts: index.framePts(null, null),
    sourcePath: source,
    outputPath: output,
    container,
    output: await readOutputPackets(tools, output),
  });
}

async function encoded(source: string, params: string, spoil: readonly string[] = [], name = "out.mkv") {
  const output = at(name);
  const keys = ["-force_key_frames", "1"];
  await runFfmpeg(tools, ["-i", source, ...spoil, ...params.split(" "), ...keys, "-fps_mode", "passthrough", output]);
  return output;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pictures-"));
  await clip("moving", MOVING, "yuv420p");
  await clip("other", "mandelbrot=s=320x180:r=24", "yuv420p");
}, 60_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** From the second second on, the first being right. */
const later = (filter: string) =>
  `split[a][b];[b]${filter}[c];[a][c]overlay=enable='gte(t,1)':format=yuv420,format=yuv420p`;

type Spoilt = readonly [name: string, graph: string, words: string];

/** judge-picture.test.ts has the others of one whole change without ffmpeg. */
const SPOILT = rowsOf<Spoilt>(
  [
    ["levels squeezed to limited range", "scale=in_range=full:out_range=tv,setrange=tv", "changed as a whole"],
    ["a green half", "drawbox=y=ih/2:h=ih/2:c=0x008700:t=fill", "segment 0"],
    ["a field of the picture before", "phase=t", "the picture before it"],
    ["one frozen picture", "loop=loop=60:size=1:start=0,trim=end_frame=48,setpts=N/24/TB", "segment 0"],
    ["each picture one late", "tpad=start=1:start_mode=clone,trim=end_frame=48", "the picture before it"],
    ["levels squeezed in the second segment", later("scale=in_range=full:out_range=tv,setrange=tv"), "segment 1"],
  ],
  [
    ["another matrix", "scale=in_color_matrix=bt601:out_color_matrix=bt709", "changed as a whole"],
    ["mirrored", "hflip", "mirrored"],
    ["swapped fields", "il=ls=1:cs=1", "fields swapped"],
    ["chroma moved by four columns", "chromashift=cbh=4:crh=4", "moved by"],
    ["chroma planes swapped", "swapuv", "chroma planes swapped"],
    ["levels stretched to full range", "scale=in_range=tv:out_range=full,setrange=tv", "changed as a whole"],
    ["upside down", "vflip", "upside down"],
    ["green", "drawbox=c=0x008700:t=fill", "changed as a whole"],
    ["chroma moved by two rows", "chromashift=cbv=2:crv=2", "moved by"],
    [
      "each picture one early",
      "trim=start_frame=1,setpts=PTS-STARTPTS,tpad=stop=1:stop_mode=clone",
      "the picture after it",
    ],
  ],
);

/** The check where the source's side was decoded before, and what then becomes of the source. */
function ahead(thenSource: (path: string) => Promise<void>) {
  return async (found: Tools, input: PicturesInput): Promise<ProofCheck> => {
    const kept = new SourcePictures();
    const format = comparedFormat("yuv420p");
    if (format === null) throw new Error("yuv420p is not known");
    kept.compareAs({
      shown: { format, width: 320, height: 180, asked: found.major < 7 ? "said" : "converted" },
      matrix: null,
    });
    const { keyPts, videoPts } = input.output;
    const keys = videoPts.flatMap((pts, number) => (keyPts.has(pts) ? [number] : []));
    await decodeSourceAhead(found, { ...input, kept, keys, signal: new AbortController().signal });
    await thenSource(input.sourcePath);
    return await checkPictures(found, { ...input, kept });
  };
}

describe("the source's side decoded before there is an output", () => {
  const params = "-c:v libx264 -preset ultrafast -crf 23";

  test("serves for the check: the source is not read again", async () => {
    const source = at("gone.mkv");
    await copyFile(at("moving.mkv"), source);
    const { ok, detail } = await check(source, await encoded(source, params), params, ahead(rm));
    expect({ ok, detail }).toMatchObject({ ok: true });
    expect(detail).toContain("8 pictures at 4 places of 2 segments are the source's");
  }, 60_000);

  test("finds what is spoilt all the same", async () => {
    const output = await encoded(at("moving.mkv"), params, ["-filter_complex", later("hflip")]);
    const { ok, detail } = await check(
      at("moving.mkv"),
      output,
      params,
      ahead(async () => undefined),
    );
    expect({ ok, detail }).toMatchObject({ ok: false });
    expect(detail).toContain("segment 1");
  }, 60_000);
});

describe("spoilt outputs are found", () => {
  test.each([...SPOILT])(
    "%s",
    async (_name, graph, words) => {
      const params = "-c:v libx264 -preset ultrafast -crf 23";
      const output = await encoded(at("moving.mkv"), params, ["-filter_complex", graph]);
      const { ok, detail } = await check(at("moving.mkv"), output, params);
      expect({ ok, detail }).toMatchObject({ ok: false });
      expect(detail).toContain(words);
    },
    60_000,
  );

  test("another file's segment", async () => {
    const params = "-c:v libx264 -preset ultrafast -b:v 300k";
    const graph = "[0][1]overlay=enable='gte(t,1)'";
    const output = await encoded(at("moving.mkv"), params, ["-i", at("other.mkv"), "-filter_complex", graph]);
    const { ok, detail } = await check(at("moving.mkv"), output, params);
    expect({ ok, detail }).toMatchObject({ ok: false });
    expect(detail).toContain("segment 1");
    expect(detail).not.toContain("segment 0");
  }, 60_000);

  test("one changed sample of a lossless codec", async () => {
    const output = await encoded(at("moving.mkv"), "-c:v ffv1", ["-vf", "lutyuv=y=if(eq(val\\,100)\\,101\\,val)"]);
    const { ok, detail } = await check(at("moving.mkv"), output, "-c:v ffv1");
    expect({ ok, detail }).toMatchObject({ ok: false });
    expect(detail).toContain("lossless");
  }, 60_000);

  test("full range that is squeezed and still called full", async () => {
    const source = at("full.mkv");
    const input = ["-f", "lavfi", "-i", `${MOVING},scale=out_range=full,format=yuv420p`, "-frames:v", String(FRAMES)];
    await runFfmpeg(tools, [...input, "-c:v", "ffv1", "-g", "24", "-color_range", "pc", source]);
    const right = await encoded(source, "-c:v ffv1", ["-color_range", "pc"]);
    expect(await check(source, right, "-c:v ffv1")).toMatchObject({ ok: true });
    const squeezed = ["-vf", "scale=in_range=full:out_range=limited,setrange=full", "-color_range", "pc"];
    const wrong = await encoded(source, "-c:v ffv1", squeezed);
    expect(await check(source, wrong, "-c:v ffv1")).toMatchObject({ ok: false });
  }, 60_000);
});

test("what is decoded from the beginning is found and held as what is sought", async () => {
  const params = "-c:v libx264 -preset ultrafast -crf 23";
  const right = await check(
    at("moving.mkv"),
    await encoded(at("moving.mkv"), params),
    params,
    checkPictures,
    "beginning",
  );
  expect(right).toMatchObject({ ok: true });
  expect(right.detail).toContain("8 pictures at 4 places of 2 segments");
  const late = "tpad=start=1:start_mode=clone,trim=end_frame=48";
  const output = await encoded(at("moving.mkv"), params, ["-vf", late]);
  expect(await check(at("moving.mkv"), output, params, checkPictures, "beginning")).toMatchObject({ ok: false });
}, 60_000);

describe("a source that says full range from its second half on", () => {
  const params = "-c:v ffv1";
  const path = () => at("half-full.mkv");

  beforeAll(async () => {
    const h264 = ["-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", "-bf", "0", "-g", "24", "-frames:v", "24"];
    const tag = (isFull: number) => ["-bsf:v", `h264_metadata=video_full_range_flag=${isFull}`, "-f", "h264"];
    for (const half of [0, 1]) {
      const graph = `${MOVING},trim=start_frame=${half * 24},format=yuv420p`;
      await runFfmpeg(tools, ["-f", "lavfi", "-i", graph, ...h264, ...tag(half), at(`half-${half}.h264`)]);
    }
    const both = await Promise.all([0, 1].map((half) => Bun.file(at(`half-${half}.h264`)).bytes()));
    await Bun.write(at("both.h264"), Buffer.concat(both));
    await runFfmpeg(tools, ["-framerate", "24", "-i", at("both.h264"), "-c", "copy", path()]);
  }, 60_000);

  const made = (filter: string) => encoded(path(), params, ["-vf", filter], "ranges.mkv");

  test.each([
    ["samples as they are", "setparams=range=limited"],
    ["the levels that the second half says", "scale=out_range=limited,setparams=range=limited"],
  ])(
    "holds with %s",
    async (_name, filter) => {
      expect(await check(path(), await made(filter), params)).toMatchObject({ ok: true });
      expect(await check(path(), await made(filter), params, checkEveryPicture)).toMatchObject({ ok: true });
    },
    60_000,
  );

  test("does not with some of each", async () => {
    const filter =
      "split[a][b];[a]trim=end_frame=27,setparams=range=limited[c];[b]trim=start_frame=27,scale=out_range=limited,setparams=range=limited[d];[c][d]concat";
    const found = await check(path(), await made(filter), params);
    expect(found).toMatchObject({ ok: false });
  }, 60_000);
});

test("one repeated picture that no place looks at is found where every picture is looked at", async () => {
  const params = "-c:v libx264 -preset ultrafast -crf 23";
  const repeats =
    "split[a][b];[b]tpad=start=1:start_mode=clone[c];[a][c]overlay=enable='eq(n,41)':shortest=1,format=yuv420p";
  const wrong = await encoded(at("moving.mkv"), params, ["-filter_complex", repeats]);
  expect(await check(at("moving.mkv"), wrong, params)).toMatchObject({ ok: true });
  const found = await check(at("moving.mkv"), wrong, params, checkEveryPicture);
  expect(found).toMatchObject({ ok: false });
  expect(found.detail).toContain("1 pictures are not the source's, the first is picture 41: it fits better as");
  expect(found.detail).toContain("the picture before it");
  const right = await encoded(at("moving.mkv"), params);
  const held = await check(at("moving.mkv"), right, params, checkEveryPicture);
  expect(held).toMatchObject({ ok: true });
  expect(held.detail).toContain(`all ${FRAMES} pictures`);
}, 60_000);

/** Encoders at their worst, and one at its best: all of them over one source, the first over the others. */
const ENCODES = [
  "-c:v libx264 -preset ultrafast -crf 51",
  "-c:v libx264 -preset ultrafast -b:v 64k",
  "-c:v libx265 -preset ultrafast -crf 51",
  "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 0 -crf 63",
  "-c:v mpeg4 -q:v 31",
  "-c:v prores_ks -profile:v 0",
];
const SOURCES: readonly (readonly [string, string, string])[] = [
  ["moving", MOVING, "yuv420p"],
  ["grain", GRAIN, "yuv420p"],
  ["dark", DARK, "yuv420p"],
  ["black", "color=black:s=320x180:r=24", "yuv420p"],
];

describe("honest outputs hold", () => {
  test.each(SOURCES)(
    "%s",
    async (name, graph, format) => {
      const source = await clip(name, graph, format);
      for (const params of IS_LONG || name === "moving" ? ENCODES : ENCODES.slice(0, 1)) {
        const output = await encoded(source, params);
        expect({ params, ...(await check(source, output, params)) }).toMatchObject({ ok: true });
      }
    },
    120_000,
  );

  test.each([
    ...rowsOf<readonly [format: string, params: string]>(
      [
        ["yuv420p10le", "-c:v ffv1"],
        ["yuva420p", "-c:v ffv1"],
        ["gbrp", "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"],
        ["gray", "-c:v ffv1"],
      ],
      [
        ["yuv444p", "-c:v libx264 -preset ultrafast -qp 0"],
        ["gbrp", "-c:v ffv1"],
        ["yuv410p", "-c:v ffv1"],
        ["yuv444p", "-c:v mpeg4 -q:v 4"],
      ],
    ),
  ])(
    "%s by %s",
    async (format, params) => {
      const source = await clip(`in-${format}`, MOVING, format);
      const found = await check(source, await encoded(source, params), params);
      expect(found).toMatchObject({ ok: true });
      expect(found.detail).toContain("8 pictures at 4 places of 2 segments");
    },
    60_000,
  );

  test.each(["out.mp4", "out.ts"])("%s", async (name) => {
    const params = "-c:v libx264 -preset ultrafast -bf 2";
    const found = await check(at("moving.mkv"), await encoded(at("moving.mkv"), params, [], name), params);
    expect(found).toMatchObject({ ok: true });
  });

  test("full range by its format's name, made limited", async () => {
    const source = at("jpeg.mkv");
    const graph = `${MOVING},scale=out_range=full,format=yuvj420p`;
    await runFfmpeg(tools, [
      ...["-f", "lavfi", "-i", graph, "-frames:v", String(FRAMES)],
      ...["-c:v", "mjpeg", "-q:v", "2", source],
    ]);
    const output = await encoded(source, "-c:v ffv1", ["-vf", "scale=out_range=limited"], "limited.mkv");
    expect(await check(source, output, "-c:v ffv1 -vf scale=out_range=limited")).toMatchObject({ ok: true });

    const cropped = "-c:v libvpx -b:v 4M -vf crop=iw/2:ih/2";
    const half = await encoded(source, "-c:v libvpx -b:v 4M", ["-vf", "crop=iw/2:ih/2"], "half.mkv");
    expect(await check(source, half, cropped)).toMatchObject({ ok: true });
  }, 60_000);

  test("a picture of a few samples", async () => {
    const source = await clip("tiny", "testsrc2=s=18x10:r=24", "yuv420p");
    const params = "-c:v mpeg4 -q:v 8";
    expect(await check(source, await encoded(source, params), params)).toMatchObject({ ok: true });
  });
});
