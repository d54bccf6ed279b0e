// Sound at a loudness: the same samples as two passes of plain ffmpeg, at the same rate and length, and steady where peaks
// leave no room.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runFfmpeg } from "../ffmpeg/run-ffmpeg.fixture.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import { planSource } from "../recipe/plan-source.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { encodeAudio } from "./encode-audio.ts";
import { type Loudness, parseLoudness, reachable } from "./loudness.ts";

let folder: string;
let tools: Tools;
let path: string;

beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "loudness-"));
  path = join(folder, "in.mkv");
  // Quiet, with clicks that are not.
  const tone = "0.05*sin(880*PI*t*t)*(0.2+gt(mod(t,2),1))+0.6*eq(mod(n,44100),100)";
  const sound = `aevalsrc='${tone}|${tone}':s=44100:d=6.5`;
  const input = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=6.5", "-f", "lavfi", "-i", sound];
  await runFfmpeg(tools, [...input, "-c:v", "mpeg4", "-c:a", "flac", path]);
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

/** What a run of ffmpeg says. */
async function saidBy(
  args: readonly string[],
  file: string,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const all = ["-hide_banner", "-nostdin", "-nostats", "-v", "info", "-i", `file:${file}`, ...args];
  const result = await runTool({ tools, program: "ffmpeg", reads: [file], writes: [], args: all });
  expect(result.exitCode).toBe(0);
  return { stdout: result.stdout, stderr: result.stderrTail };
}

async function loudnessOf(file: string, filters = ""): Promise<Loudness> {
  const { stderr } = await saidBy(
    ["-map", "0:a", "-af", `${filters}loudnorm=print_format=json`, "-f", "null", "-"],
    file,
  );
  const found = parseLoudness(stderr);
  if (found === null) throw new Error(stderr);
  return found;
}

async function encoded(params: string) {
  const { info, plan } = await planSource(tools, path, { request: parseEncodeParams(params), container: "mov" });
  return await encodeAudio(tools, path, info, plan, { workDir: folder });
}

const md5Of = async (args: readonly string[], file: string) =>
  (await saidBy(["-map", "0:a", ...args, "-c:a", "pcm_s16le", "-f", "md5", "pipe:1"], file)).stdout;

describe("a loudness", () => {
  test("is that of plain ffmpeg's two passes, sample for sample", async () => {
    const { files, lengths, notes } = await encoded("-c:a pcm_s16le -loudness:a -33");
    const { integrated, range, peak, threshold } = await loudnessOf(path);
    expect(notes).toEqual([`audio stream 1 was ${integrated} LUFS and is -33 LUFS now`]);
    const first = `measured_I=${integrated}:measured_LRA=${range}:measured_TP=${peak}:measured_thresh=${threshold}`;
    const second = `loudnorm=I=-33:TP=-1:LRA=20:${first}:linear=true`;
    expect(await md5Of([], files[0] ?? "")).toBe(await md5Of(["-af", second], path));
    expect(lengths.get(0)?.outputSeconds).toBe(lengths.get(0)?.sourceSeconds ?? 0);
    expect((await loudnessOf(files[0] ?? "")).integrated).toBeCloseTo(-33, 1);
  }, 60_000);

  test("is measured behind the filters and the channels that are asked for", async () => {
    const { files } = await encoded("-c:a pcm_s16le -ac 1 -af volume=-6dB -loudness:a -40");
    expect((await loudnessOf(files[0] ?? "")).integrated).toBeCloseTo(-40, 1);
  }, 60_000);

  test("is lower where peaks leave no room, and the gain stays one gain", async () => {
    const { files, notes } = await encoded("-c:a pcm_s16le -loudness:a -5");
    const { peak } = await loudnessOf(files[0] ?? "");
    expect(peak).toBeLessThanOrEqual(-0.9);
    expect(peak).toBeGreaterThan(-1.2);
    expect(notes[0]).toContain("leave no room for -5");
  }, 60_000);
});

test("silence has none, and several reports of one track count by the loudest", () => {
  const report = (i: string, tp: string) =>
    `{\n"input_i" : "${i}",\n"input_tp" : "${tp}",\n"input_lra" : "3.00",\n"input_thresh" : "-30.00"\n}\n`;
  const silent = parseLoudness(report("-inf", "-inf"));
  expect(silent).not.toBeNull();
  if (silent !== null) expect(reachable(-23, silent)).toBeNull();
  const both = parseLoudness(`x\n${report("-30.00", "-2.00")}y\n${report("-20.00", "-9.00")}`);
  expect(both).toMatchObject({ integrated: -20, peak: -2 });
  expect(parseLoudness("nothing")).toBeNull();
});
