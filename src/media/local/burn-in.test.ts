// Subtitles drawn into the picture, with real ffmpeg: every frame is the one that a plain run on one machine draws.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../base/errors.ts";
import { runFfmpeg } from "../ffmpeg/run-ffmpeg.fixture.ts";
import { runUnconfined } from "../ffmpeg/run-tool.fixture.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { checkSubtitleFile, MOST_SUBTITLE_BYTES } from "../subtitles/burn-in-files.ts";
import { runLocally } from "./local-pipeline.ts";

const TIMEOUT_MS = 120_000;
let tools: Tools;
let folder: string;
const file = (name: string) => join(folder, name);

/** The second lies on the first, so that the renderer must remember where it put each. */
const SRT = [
  "1\n00:00:00,200 --> 00:00:01,300\nHello <i>there</i>, 'quoted'\n",
  "2\n00:00:00,700 --> 00:00:02,100\nÄnderung, Привет\n",
  "3\n00:00:02,400 --> 00:00:02,800\nLast\n",
].join("\n");

const ffmpeg = (...args: readonly string[]) => runFfmpeg(tools, args);

beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "ffcluster-it's a [test], "));
  await writeFile(file("text.srt"), SRT);
  const picture = ["-f", "lavfi", "-i", "testsrc2=s=192x108:r=12:d=3", "-i", file("text.srt")];
  const x264 = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "6", "-bf", "0"];
  await ffmpeg(
    ...picture,
    "-map",
    "0",
    "-map",
    "1",
    "-map",
    "1",
    ...x264,
    "-c:s:0",
    "srt",
    "-c:s:1",
    "ass",
    file("subs.mkv"),
  );
  await ffmpeg(...picture, "-map", "0", "-map", "1", ...x264, "-c:s", "mov_text", file("subs.mp4"));
  await ffmpeg(...picture, "-map", "0", ...x264, "-output_ts_offset", "10", file("late.ts"));
}, TIMEOUT_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

const hashes = async (...args: readonly string[]): Promise<string[]> =>
  (await ffmpeg(...args, "-f", "framehash", "-hash", "md5", "-"))
    .split("\n")
    .flatMap((line) => (/^\d/.test(line) ? [line.split(",").at(-1)?.trim() ?? ""] : []));

/** `subtitles` of ffmpeg reads its own file: a name without anything to escape. */
async function plain(source: string, filter: string, subtitleFile: string): Promise<string[]> {
  const result = await runUnconfined({
    program: tools.ffmpeg,
    cwd: folder,
    args: [
      ...["-y", "-nostdin", "-v", "error", "-i", source, "-map", "0:v:0"],
      ...[
        "-vf",
        filter.replace("FILE", subtitleFile),
        "-fps_mode",
        "passthrough",
        "-f",
        "framehash",
        "-hash",
        "md5",
        "-",
      ],
    ],
  });
  if (result.exitCode !== 0) throw new Error(String(result.stderrTail));
  return result.stdout.split("\n").flatMap((line) => (/^\d/.test(line) ? [line.split(",").at(-1)?.trim() ?? ""] : []));
}

test.each([
  ["subs.mkv", "subtitles=source:si=1,hflip", "subtitles=FILE:si=1,hflip", "subs.mkv"],
  [
    "subs.mp4",
    "scale=96:54,subtitles=si=0:force_style='Fontsize=30,Bold=1'",
    "scale=96:54,subtitles=FILE:si=0:force_style='Fontsize=30,Bold=1'",
    "subs.mp4",
  ],
  ["late.ts", "subtitles=upload", "subtitles=FILE", "text.srt"],
] as const)(
  "%s with %s: each frame as a plain run draws it",
  async (source, asked, wanted, subtitles) => {
    const workDir = await mkdtemp(join(folder, "run-"));
    const result = await runLocally(tools, file(source), parseEncodeParams(`-c:v ffv1 -vf "${asked}" -sn`), {
      workDir,
      container: "mkv",
      segmentSeconds: 1,
      threads: 1,
      subtitles: file("text.srt"),
    });
    expect(result.check.checks.filter((check) => !check.ok)).toEqual([]);
    // The first two lie on each other from 0.7 s to 2.1 s: no cut there. A track of mov_text has one event at a time.
    const cuts = source === "subs.mp4" ? [12, 12, 12] : [30, 6];
    expect(result.segments.map(({ facts }) => facts.frames)).toEqual(cuts);
    const expected = await plain(source, wanted, subtitles);
    expect(expected.length).toBe(36);
    expect(new Set(expected).size).toBeGreaterThan(30);
    expect(await hashes("-i", result.outputPath, "-map", "0:v:0", "-fps_mode", "passthrough")).toEqual(expected);
    const bare = await plain(source, "null", "");
    expect(expected.filter((hash, frame) => hash !== bare[frame]).length).toBeGreaterThan(20);
  },
  TIMEOUT_MS,
);

describe("what can't be drawn is refused with a hint", () => {
  const refusal = async (make: () => Promise<unknown>): Promise<AppError> => {
    try {
      await make();
    } catch (thrown) {
      if (thrown instanceof AppError) return thrown;
      throw thrown;
    }
    throw new Error("taken");
  };
  test.each([
    ["binary.srt", Uint8Array.from([0x47, 0, 1, 2]), "E_SOURCE_REFUSED", "UTF-8"],
    ["latin1.srt", Uint8Array.from([0xc4, 0x6e, 0x64]), "E_SOURCE_REFUSED", "UTF-8"],
    ["pictures.sup", new Uint8Array(10), "E_SOURCE_REFUSED", ".srt"],
    ["empty.srt", new Uint8Array(0), "E_SOURCE_EMPTY", "subtitles"],
  ] as const)("%s", async (name, bytes, code, hint) => {
    await writeFile(file(name), bytes);
    const error = await refusal(() => checkSubtitleFile(name, file(name), bytes.length));
    expect(error.code).toBe(code);
    expect(error.hint).toContain(hint);
  });
  test("a file that is too large is not even read", async () => {
    const error = await refusal(() => checkSubtitleFile("big.srt", "/does/not/exist", MOST_SUBTITLE_BYTES + 1));
    expect(error.code).toBe("E_TOO_LARGE");
  });
  test("UTF-16 with its mark is text", async () => {
    await writeFile(file("utf16.srt"), Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(SRT, "utf16le")]));
    expect(await checkSubtitleFile("utf16.srt", file("utf16.srt"), 100)).toBe("srt");
  });
});
