import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { forgetBoxes } from "../../../test/support/edit-boxes.ts";
import { AppError } from "../../base/errors.ts";
import { runFfmpeg } from "../ffmpeg/run-ffmpeg.fixture.ts";
import { runUnconfined } from "../ffmpeg/run-tool.fixture.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import { encoderTimeBase } from "../plan/time-base.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { probeSource } from "./probe.ts";
import { requireFirstPicture, trialArgs } from "./trial.ts";
import { hintFor, isOfThisBuild, reasonIn } from "./trial-words.ts";

let tools: Tools;
let folder: string;
let odd: string;
let broken: string;

async function make(name: string, args: readonly string[]): Promise<string> {
  const path = join(folder, name);
  const result = await runUnconfined({
    program: tools.ffmpeg,
    args: ["-nostdin", "-v", "error", "-y", "-f", "lavfi", ...args, path],
  });
  if (result.exitCode !== 0) throw new Error(result.stderrTail);
  return path;
}

beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "ffcluster-trial-"));
  const x264 = ["-c:v", "libx264", "-preset", "ultrafast"];
  odd = await make("odd.mp4", ["-i", "testsrc2=s=101x75:r=25:d=0.4,format=yuv444p", ...x264]);
  broken = await make("broken.mp4", ["-i", "testsrc2=s=160x90:r=25:d=0.4", ...x264]);
  await spoil(broken);
}, 30_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Zeros in place of all coded pictures; the header stays. */
async function spoil(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(size);
    await file.read(bytes, 0, size, 0);
    const at = bytes.indexOf("mdat", 0, "latin1");
    const length = bytes.readUInt32BE(at - 4) - 8;
    await file.write(Buffer.alloc(length), 0, length, at + 4);
  } finally {
    await file.close();
  }
}

/** The refusal, or null. */
async function refusalFor(path: string, params: string): Promise<AppError | null> {
  const request = parseEncodeParams(params);
  const info = await probeSource(tools, path);
  const trial = { path, info, request, encoderTimeBase: encoderTimeBase(info.video, request) };
  try {
    await requireFirstPicture(tools, trial);
    return null;
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
}

test("odd sizes are refused where colours are halved, before and behind filters, with the filter that helps", async () => {
  for (const params of [
    "-c:v libx264 -pix_fmt yuv420p",
    "-c:v libx264 -vf crop=99:51,format=yuv420p",
    "-c:v libx264 -vf scale=64:63,format=yuv420p",
    "-c:v libx265 -pix_fmt yuv420p",
  ]) {
    const refusal = await refusalFor(odd, params);
    expect(`${params}: ${refusal?.code}`).toBe(`${params}: E_ENCODE_REQUEST`);
    expect(refusal?.message).toMatch(/^libx26. refuses the source's first picture: .*(not divisible|multiple)/);
    expect(refusal?.hint).toContain("scale=trunc(iw/2)*2:trunc(ih/2)*2");
  }
}, 30_000);

test("what works is not refused: odd sizes with whole colours, with the filter that helps, in other codecs", async () => {
  for (const params of [
    "-c:v libx264",
    "-c:v libx264 -vf scale=trunc(iw/2)*2:trunc(ih/2)*2 -pix_fmt yuv420p",
    "-c:v libx264 -vf pad=ceil(iw/2)*2:ceil(ih/2)*2 -pix_fmt yuv420p",
    "-c:v ffv1",
    "-c:v mpeg4 -q:v 5",
    "-c:v libx264 -vf tmix=frames=3,fps=5",
    // No machine without the hardware can tell.
    "-c:v h264_nvenc -pix_fmt yuv420p",
  ]) {
    const refusal = await refusalFor(odd, params);
    expect(`${params}: ${refusal?.message}`).toBe(`${params}: undefined`);
  }
}, 60_000);

test("what an encoder or a filter refuses is said in ffmpeg's words", async () => {
  expect(await refusalFor(odd, "-c:v libx264 -profile:v high")).toMatchObject({
    code: "E_ENCODE_REQUEST",
    message: expect.stringContaining("high profile doesn't support 4:4:4"),
    hint: expect.stringContaining("-profile:v"),
  });
  expect(await refusalFor(odd, "-c:v h264_nvenc -vf crop=4000:20")).toMatchObject({
    code: "E_ENCODE_REQUEST",
    message: expect.stringMatching(/^the filters refuse .*crop.*4000/),
    hint: expect.stringContaining("101x75"),
  });
}, 30_000);

test("a source without a picture that can be decoded is refused as that", async () => {
  expect(await refusalFor(broken, "-c:v libx264")).toMatchObject({
    code: "E_SOURCE_REFUSED",
    message: expect.stringContaining("no picture of"),
  });
}, 30_000);

test("an edit list that leaves out the key picture is refused as that: plain ffmpeg shows nothing of it", async () => {
  const [whole, cut, path] = [join(folder, "whole.mp4"), join(folder, "cut.mp4"), join(folder, "lost-key.mp4")];
  await make("whole.mp4", ["-i", "testsrc2=s=64x64:r=25:d=1.6", "-c:v", "libx264", "-preset", "ultrafast"]);
  await runFfmpeg(tools, ["-ss", "0.8", "-i", whole, "-c", "copy", cut]);
  await forgetBoxes(cut, ["stss"], path);
  expect(await refusalFor(cut, "-c:v ffv1")).toBe(null);
  expect(await refusalFor(path, "-c:v ffv1")).toMatchObject({
    code: "E_SOURCE_REFUSED",
    message: expect.stringMatching(/^its video .* its edit list leaves out the key picture/),
    hint: expect.stringContaining("-ignore_editlist 1"),
  });
});

test("letters are left out of a trial, and speed is the encoder's greatest", async () => {
  const info = await probeSource(tools, odd);
  const request = parseEncodeParams("-c:v libx265 -preset veryslow -vf drawtext=text=x,hflip");
  const args = trialArgs({ path: odd, info, request, encoderTimeBase: { num: 1, den: 25 } }, "quick").join(" ");
  expect(args).toContain("[0:0]split[decoded][behind];[behind]hflip[v]");
  expect(args).toContain("-preset ultrafast");
});

test("of ffmpeg's words those that tell are kept; what only a build lacks is no word against the request", () => {
  const said = `[vost#0:0/libx264 @ 0x1] Error while opening encoder - maybe incorrect parameters
[vf#0:0 @ 0x2] Task finished with error code: -22 (Invalid argument)`;
  expect(reasonIn(`x265 [info]: using cpu\n[libx264 @ 0x55f] width not divisible by 2 (321x241)\n${said}`)).toBe(
    "[libx264] width not divisible by 2 (321x241)",
  );
  const cutOff = "[matroska,webm @ 0x1] File ended prematurely";
  const refused = `${cutOff}\n[mpeg2video @ 0x55f] MPEG-1/2 does not support 301/12 fps\n${said}`;
  expect(reasonIn(refused, "matroska,webm")).toBe("[mpeg2video] MPEG-1/2 does not support 301/12 fps");
  expect(reasonIn(cutOff, "matroska,webm")).toBe("[matroska,webm] File ended prematurely");
  expect(isOfThisBuild("[vost#0:0 @ 0x20d3] Unknown encoder 'libsvtav1'")).toBe(true);
  expect(isOfThisBuild("No such filter: 'libplacebo'")).toBe(true);
  expect(isOfThisBuild("[libx264] width not divisible by 2")).toBe(false);
  expect(hintFor("Source Width must be at least 64")).toContain("scale it up");
  expect(hintFor("width not divisible by 2", true)).toContain("Give -s an even width");
  expect(hintFor("[mpeg2video @ 0x1] MPEG-1/2 does not support 38/1 fps")).toContain("-r");
  expect(hintFor("something new")).toContain("ffmpeg refuses this source");
});

test("the pixel format that an encoder is given: the picture's, or the nearest that it takes", async () => {
  const info = await probeSource(tools, odd);
  const formatFor = async (params: string) => {
    const request = parseEncodeParams(params);
    const trial = { path: odd, info, request, encoderTimeBase: encoderTimeBase(info.video, request) };
    return (await requireFirstPicture(tools, trial)).encoded;
  };
  expect((await formatFor("-c:v libx264"))?.pixelFormat).toBe("yuv444p");
  expect(await formatFor("-c:v mpeg4 -vf scale=64:64")).toEqual({ pixelFormat: "yuv420p", size: "64x64" });
  expect((await formatFor("-c:v ffv1 -vf format=gray"))?.pixelFormat).toBe("gray");
});

test("with -r a picture lasts a tick of the rate: one of 25 a second lasts none of 10", async () => {
  expect(await refusalFor(odd, "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -vf yadif -r 10")).toBeNull();
});
