// A request that fixes the distance of key frames gets them where plain ffmpeg sets them, whatever the source's own key
// frames and scene cuts; where it only bounds the distance, the bound holds over the seams.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runUnconfined } from "../../src/media/ffmpeg/run-tool.fixture.ts";
import { findTools } from "../../src/media/ffmpeg/tools.ts";
import { runLocally } from "../../src/media/local/local-pipeline.ts";
import { parseEncodeParams } from "../../src/media/request/parse/parse-params.ts";
import { splitWords } from "../../src/media/request/values/split-words.ts";
import { rowsOf } from "../support/long-run.ts";

const tools = await findTools(process.env);
let folder: string;
let source: string;

const CUT_AT = [37, 72, 123];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-key-frames-"));
  source = join(folder, "cuts.mkv");
  // Pictures that change at once at three frames; key frames of its own elsewhere.
  const [first = 0, second = 0, third = 0] = CUT_AT;
  const hue = `hue=h='if(lt(n,${first}),0,if(lt(n,${second}),120,if(lt(n,${third}),240,60)))'`;
  const flip = `negate=enable='between(n,${first},${second - 1})+gte(n,${third})'`;
  const video = `testsrc2=s=128x96:r=24,trim=end_frame=170,noise=alls=8:all_seed=1,${hue},${flip},format=yuv420p`;
  await ffmpeg([
    ...["-f", "lavfi", "-i", video, "-c:v", "libx264", "-preset", "ultrafast", "-x264-params", "scenecut=0:keyint=999"],
    ...["-force_key_frames", "0,1.25,3.7,5.1", source],
  ]);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

async function ffmpeg(args: readonly string[]): Promise<void> {
  const result = await runUnconfined({ program: tools.ffmpeg, args: ["-nostdin", "-v", "error", "-y", ...args] });
  if (result.exitCode !== 0) throw new Error(result.stderrTail);
}

/** Numbers of the key frames, in the order in which frames are shown. */
async function keyFramesOf(path: string): Promise<number[]> {
  const asked = ["-select_streams", "v:0", "-show_entries", "packet=pts,flags", "-of", "csv=p=0"];
  const { stdout } = await runUnconfined({ program: tools.ffprobe, args: ["-v", "error", ...asked, path] });
  const packets = stdout
    .trim()
    .split("\n")
    .map((line) => line.split(","))
    .sort((a, b) => Number(a[0]) - Number(b[0]));
  return packets.flatMap(([, flags = ""], number) => (flags.includes("K") ? [number] : []));
}

async function ours(params: string) {
  const workDir = await mkdtemp(join(folder, "run-"));
  const options = { workDir, container: "mkv", segmentSeconds: 1.5, threads: 1 } as const;
  const { outputPath, segments, check } = await runLocally(tools, source, parseEncodeParams(params), options);
  const found = check.checks.find(({ name }) => name === "key frames");
  return { keys: await keyFramesOf(outputPath), segments: segments.length, check: found };
}

const FIXED = rowsOf(
  [
    "-c:v libx264 -preset veryfast -g 48 -keyint_min 48 -sc_threshold 0",
    "-c:v libx264 -preset ultrafast -g 48 -vf fps=30",
    "-c:v libx265 -preset superfast -g 48 -keyint_min 48",
    "-c:v libsvtav1 -preset 12 -g 48",
  ],
  [
    "-c:v libx264 -preset veryfast -x264-params keyint=40:scenecut=0 -bf 3",
    "-c:v mpeg2video -g 30 -sc_threshold 1000000000",
  ],
);

const encoders = (await runUnconfined({ program: tools.ffmpeg, args: ["-hide_banner", "-encoders"] })).stdout;
for (const params of FIXED) {
  const encoder = params.split(" ")[1] ?? "";
  const isHere = encoders.includes(` ${encoder} `);
  if (!isHere) console.log(`skipped: this ffmpeg has no ${encoder}`);
  test.skipIf(!isHere)(
    `key frames where plain ffmpeg sets them: ${params}`,
    async () => {
      const plain = join(folder, "plain.mkv");
      await ffmpeg(["-i", source, ...splitWords(params), plain]);
      const { keys, segments, check } = await ours(params);
      expect(segments).toBeGreaterThan(2);
      expect(keys).toEqual(await keyFramesOf(plain));
      expect(check).toMatchObject({ ok: true, detail: expect.stringMatching(/^one every \d+ frames$/) });
    },
    60_000,
  );
}

test("where the pictures decide, none is further than asked for, over the seams too", async () => {
  const { keys, segments, check } = await ours("-c:v libx264 -preset veryfast -g 30");
  expect(segments).toBe(2);
  expect(keys).toEqual(expect.arrayContaining(CUT_AT));
  expect(check).toMatchObject({ ok: true, detail: expect.stringMatching(/key frames, \d+ frames apart at most/) });
}, 60_000);
