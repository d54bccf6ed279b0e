// With real ffmpeg: segments whose parameter sets differ decode wrong once joined, unless each carries its own; the full
// check must see the one and pass the other.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runFfmpeg } from "../../ffmpeg/run-ffmpeg.fixture.ts";
import { findTools, type Tools } from "../../ffmpeg/tools.ts";
import { checkDecodedFrames } from "./check-decoded-frames.ts";

const TIMEOUT_MS = 60_000;
const FRAMES = 48;

let tools: Tools;
let folder: string;
beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "ffcluster-full-check-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Two segments of other presets and profiles, joined as the stitch joins them. */
async function joined(name: string, bitstreamFilter: readonly string[]) {
  const segmentPaths: string[] = [];
  for (const [number, settings] of [
    ["-preset", "ultrafast"],
    ["-preset", "slow", "-bf", "4", "-refs", "5"],
  ].entries()) {
    const path = join(folder, `${name}-${number}.nut`);
    const source = ["-f", "lavfi", "-i", `testsrc2=size=160x120:rate=24,trim=start_frame=${24 * number}`];
    const encoder = ["-frames:v", "24", "-c:v", "libx264", ...settings, ...bitstreamFilter];
    await runFfmpeg(tools, [...source, ...encoder, "-f", "nut", path]);
    segmentPaths.push(path);
  }
  const list = join(folder, `${name}.txt`);
  await writeFile(list, segmentPaths.map((path) => `file '${path}'\nduration 1\n`).join(""));
  const outputPath = join(folder, `${name}.mp4`);
  await runFfmpeg(tools, ["-f", "concat", "-safe", "0", "-i", list, "-c", "copy", outputPath]);
  return { segmentPaths, outputPath };
}

test(
  "segments that carry their parameter sets decode alike joined and alone; the check stops when told to",
  async () => {
    const files = await joined("right", ["-bsf:v", "dump_extra"]);
    const seen: number[] = [];
    const check = await checkDecodedFrames(tools, {
      ...files,
      frames: FRAMES,
      decoder: null,
      onProgress: (done) => seen.push(done),
    });
    expect(check).toMatchObject({ name: "decoded frames", ok: true });
    expect(seen.at(-1)).toBe(FRAMES);
    const stopped = checkDecodedFrames(tools, { ...files, frames: FRAMES, decoder: null, signal: AbortSignal.abort() });
    await expect(stopped).rejects.toMatchObject({ code: "E_INTERRUPTED" });
    expect((await checkDecodedFrames(tools, { ...files, frames: FRAMES + 1, decoder: null })).ok).toBe(false);
  },
  TIMEOUT_MS,
);

test(
  "segments that rely on the first one's parameter sets do not",
  async () => {
    const check = await checkDecodedFrames(tools, { ...(await joined("wrong", [])), frames: FRAMES, decoder: null });
    expect(check.ok).toBe(false);
  },
  TIMEOUT_MS,
);

test(
  "an output whose picture data was changed after the stitch is found out",
  async () => {
    const files = await joined("damaged", ["-bsf:v", "dump_extra"]);
    const bytes = await readFile(files.outputPath);
    const middle = bytes.indexOf("mdat") + 6000;
    bytes.fill(0x55, middle, middle + 64);
    await writeFile(files.outputPath, bytes);
    const check = await checkDecodedFrames(tools, { ...files, frames: FRAMES, decoder: null });
    expect(check.ok).toBe(false);
    expect(check.detail).toContain("differ");
  },
  TIMEOUT_MS,
);
