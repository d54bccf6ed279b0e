// Numbered frames of a split video against one run of plain ffmpeg: timecodes and counters go on over the joins. Real
// ffmpeg; the yardstick uses no code of the product.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runUnconfined } from "../ffmpeg/run-tool.fixture.ts";
import { fileUrl } from "../ffmpeg/tool-args.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { runLocally } from "./local-pipeline.ts";

const TIMEOUT_MS = 90_000;
let tools: Tools;
let folder: string;
let source: string;

beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "ffcluster-numbers-"));
  source = join(folder, "source.mp4");
  const picture = ["-f", "lavfi", "-i", "color=black:s=160x48:r=30000/1001:d=3", "-pix_fmt", "yuv420p"];
  const x264 = ["-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", "-g", "30", "-bf", "2"];
  await runUnconfined({ program: tools.ffmpeg, args: ["-v", "error", "-nostdin", ...picture, ...x264, source] });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function hashes(path: string, chain: string): Promise<string[]> {
  const result = await runUnconfined({
    program: tools.ffmpeg,
    args: [
      ...["-v", "error", "-nostdin", "-i", fileUrl(path), "-map", "0:v:0", "-vf", chain, "-fps_mode", "passthrough"],
      ...["-pix_fmt", "yuv420p", "-f", "framehash", "-hash", "md5", "pipe:1"],
    ],
  });
  expect(result).toMatchObject({ exitCode: 0, stderrTail: "" });
  return result.stdout.split("\n").flatMap((line) => (/^\d/.test(line) ? [line.split(",").at(-1)?.trim() ?? ""] : []));
}

async function split(path: string, chain: string) {
  const workDir = await mkdtemp(join(folder, "run-"));
  const request = parseEncodeParams(`-c:v ffv1 -an -vf "${chain}"`);
  return runLocally(tools, path, request, { workDir, container: "mkv", segmentSeconds: 1, threads: 1 });
}

const WHITE = "fontcolor=white:fontsize=20";
const two = (text: string) => text.replaceAll(":", String.raw`\:`);
const NUMBERS = `drawtext=text='%{n} %{frame_num} %{eif\\:n*2\\:d}':x=mod(n\\,40):start_number=95:${WHITE}`;
const NON_DROP = `drawtext=timecode='${two("09:59:58:20")}':r=30000/1001:y=30:${WHITE}`;
const MIDNIGHT = `drawtext=timecode='${two("23:59:58;10")}':rate=29.97:tc24hmax=1:${WHITE}`;
const MINUTE = `drawtext=timecode='${two("00:00:58;10")}':timecode_rate=30000/1001:y=24:${WHITE}`;

test.each([
  ["numbers and a timecode, behind a scale", `scale=200:60,${NUMBERS},${NON_DROP},hflip`, 90],
  ["drop-frame, behind filters that look back and change the rate", `tmix,fps=24,${MIDNIGHT},${MINUTE}`, 72],
])(
  "%s",
  async (_, chain, frames) => {
    const [result, plain] = await Promise.all([split(source, chain), hashes(source, chain)]);
    expect(result.segments.length).toBe(3);
    expect(result.check.checks.filter((check) => !check.ok)).toEqual([]);
    expect(plain.length).toBe(frames);
    expect(await hashes(result.outputPath, "null")).toEqual(plain);
    // The picture itself never changes: what differs from frame to frame is what is drawn.
    expect(new Set(plain).size).toBe(frames);
  },
  TIMEOUT_MS,
);
