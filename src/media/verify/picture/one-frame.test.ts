// A picture of the output and the source's picture that it shows, by the frame plan. A lossless encode shows whether it is
// the same one: then both PNGs are the same bytes, for every picture of the film.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IS_LONG, rowsOf } from "../../../../test/support/long-run.ts";
import { sha256Of } from "../../../base/digest.ts";
import { AppError } from "../../../base/errors.ts";
import { rescale } from "../../../base/rational.ts";
import { runFfmpeg } from "../../ffmpeg/run-ffmpeg.fixture.ts";
import { findTools } from "../../ffmpeg/tools.ts";
import { indexSource } from "../../index/index-source.ts";
import { frameTimingOf } from "../../plan/frame-timing.ts";
import { plannedFrames } from "../../plan/planned-frames.ts";
import { encoderTimeBase } from "../../plan/time-base.ts";
import { parseEncodeParams } from "../../request/parse/parse-params.ts";
import { probeSource } from "../../source/probe.ts";
import { readOutputPackets } from "../output-packets.ts";
import { checkPictures } from "./check-pictures.ts";
import { type FramePlan, framePlanOf, framePlanSchema } from "./frame-plan.ts";
import { readFrame } from "./one-frame.ts";
import { PictureScores } from "./picture-scores.ts";

const tools = await findTools(process.env);
const FRAMES = 96;
const RATE = 24;
let folder = "";
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "frames-"));
  const input = ["-f", "lavfi", "-i", `testsrc2=s=160x90:r=${RATE},format=yuv420p`, "-frames:v", String(FRAMES)];
  const codec = ["-c:v", "libx264", "-preset", "fast", "-bf", "3", "-x264-params", "open-gop=1:keyint=24:scenecut=0"];
  await runFfmpeg(tools, [...input, ...codec, at("source.mkv")]);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The plan of an output of two segments, as the end of a job makes it. */
async function planFor(sourcePath: string, outputPath: string, params: string) {
  const info = await probeSource(tools, sourcePath);
  const index = await indexSource(tools, sourcePath, info, { onGops: () => undefined });
  const request = parseEncodeParams(params);
  const timing = frameTimingOf(request, info.video.timeBase);
  if (timing === null) throw new Error("the times can't be planned");
  const clock = encoderTimeBase(info.video, request);
  const half = rescale(2, { num: 1, den: 1 }, info.video.timeBase);
  const middle = index.keyFrames.find(({ pts }) => pts >= half)?.pts ?? null;
  const ranges = [
    { startPts: null, endPts: middle },
    { startPts: middle, endPts: null },
  ];
  const planned = ranges.map((range) => plannedFrames(timing, index, info, range));
  const output = await readOutputPackets(tools, outputPath);
  const scores = new PictureScores(output.videoPts.length);
  const extension = outputPath.split(".").at(-1);
  const input = {
    ...{ info, index, request, grid: null, encoderTimeBase: clock, sourcePath, outputPath, output, scores },
    segments: ranges.map((range, number) => {
      return { ...range, frames: planned[number]?.length ?? 0, leadIn: 0 as const, complaint: null };
    }),
    framePts: planned.flat().map((pts) => rescale(pts, timing.timeBase, clock)),
    container: extension === "mp4" ? ("mp4" as const) : extension === "ts" ? ("ts" as const) : ("mkv" as const),
  };
  const check = await checkPictures(tools, input);
  const plan = framePlanOf(tools, input, scores, false);
  return { check, plan: framePlanSchema.parse(JSON.parse(JSON.stringify(plan))) };
}

async function digestOf(plan: FramePlan, side: "source" | "output", frame: number): Promise<string> {
  const path = side === "source" ? at("source.mkv") : at("output");
  const { signal } = new AbortController();
  return sha256Of(await readFrame(tools, { plan, side, frame, path, signal }));
}

type Row = readonly [what: string, extension: string, params: string];
const LOSSLESS = "-c:v libx264 -preset ultrafast -qp 0";
const ROWS = rowsOf<Row>(
  [
    ["every picture of an open group, with reordered ones in the output", "mp4", `${LOSSLESS} -bf 2 -g 30`],
    ["a lower rate and another size", "mkv", "-c:v ffv1 -vf fps=10,scale=80:46"],
  ],
  [
    ["a transport stream", "ts", `${LOSSLESS} -bf 2 -g 30`],
    ["a cut-out", "mkv", "-c:v ffv1 -vf crop=80:46:20:10"],
    ["a higher rate", "mp4", `${LOSSLESS} -vf fps=60`],
    ["two pictures of one", "mkv", "-c:v ffv1 -vf yadif=mode=send_field"],
  ],
);

describe("source and output show the same picture", () => {
  test.each([...ROWS])(
    "%s",
    async (_what, extension, params) => {
      const output = at(`output.${extension}`);
      await runFfmpeg(tools, ["-i", at("source.mkv"), ...params.split(" "), "-fps_mode", "passthrough", "-y", output]);
      await rm(at("output"), { force: true });
      await Bun.write(at("output"), Bun.file(output));
      const { check, plan } = await planFor(at("source.mkv"), output, params);
      expect(check).toMatchObject({ ok: true });
      expect(plan.reason).toBeNull();
      const all = Array.from({ length: plan.frames }, (_, frame) => frame);
      const near = plan.places.flatMap(({ position }) => [position - 1, position, position + 1]);
      const wanted = IS_LONG ? all : all.filter((frame) => near.includes(frame) || frame === plan.frames - 1).slice(-7);
      const seen = new Set<string>();
      for (const frame of wanted) {
        const digests = [await digestOf(plan, "source", frame), await digestOf(plan, "output", frame)];
        expect({ frame, digests }).toEqual({ frame, digests: [digests[0] ?? "", digests[0] ?? ""] });
        seen.add(digests[0] ?? "");
      }
      if (!params.includes("fps=60")) expect(seen.size).toBe(wanted.length);
    },
    IS_LONG ? 300_000 : 60_000,
  );
});

test("a picture that nobody waits for ends; one of a file that is gone says so", async () => {
  const output = at("output.mp4");
  await runFfmpeg(tools, ["-i", at("source.mkv"), ...LOSSLESS.split(" "), "-y", output]);
  const { plan } = await planFor(at("source.mkv"), output, LOSSLESS);
  const codeOf = async (path: string, signal: AbortSignal) => {
    const wanted = { plan, side: "output" as const, frame: 40, path, signal };
    return await readFrame(tools, wanted).catch((thrown: unknown) =>
      thrown instanceof AppError ? thrown.code : thrown,
    );
  };
  expect(await codeOf(output, AbortSignal.abort())).toBe("E_INTERRUPTED");
  expect(await codeOf(at("gone.mp4"), new AbortController().signal)).toBe("E_BUSY");
}, 60_000);
