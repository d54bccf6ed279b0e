// Files that a hostile server would have drawn: none of them gets as far as libavfilter.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runFfmpeg } from "../ffmpeg/run-ffmpeg.fixture.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import { checkBurnInFile } from "./check-burn-in-file.ts";

let tools: Tools;
let folder: string;
const at = (name: string) => join(folder, name);
const SRT = "1\n00:00:00,000 --> 00:00:01,000\nhello\n";

beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "ffcluster-side-"));
  await Bun.write(at("secret.srt"), SRT);
  await Bun.write(at("font.ttf"), "no font, but attached as one");
  const picture = ["-f", "lavfi", "-i", "color=s=16x16:r=25:d=0.08"];
  const font = ["-attach", at("font.ttf"), "-metadata:s:t", "mimetype=font/ttf"];
  await runFfmpeg(tools, ["-i", at("secret.srt"), ...font, "-c", "copy", at("good.mkv")]);
  await runFfmpeg(tools, [...picture, "-i", at("secret.srt"), "-c:v", "ffv1", "-c:s", "copy", at("picture.mkv")]);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test("what the server makes is taken", async () => {
  await checkBurnInFile(tools, at("good.mkv"));
});

const playlist = (target: string) => `#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n${target}\n#EXT-X-ENDLIST\n`;
test.each([
  ["a playlist", (target: string) => playlist(target), "no Matroska"],
  ["a script of the concat demuxer", (target: string) => `ffconcat version 1.0\nfile '${target}'\n`, "no Matroska"],
  ["a text of another format", () => SRT, "no Matroska"],
  [
    "a playlist with Matroska's first bytes",
    (target: string) => `\x1a\x45\xdf\xa3\n${playlist(target)}`,
    "no Matroska",
  ],
  [
    "a playlist behind Matroska's name",
    (target: string) => `\x1a\x45\xdf\xa3\x8b\x42\x82\x88matroska${playlist(target)}`,
    "read as",
  ],
  ["nothing", () => "", "no Matroska"],
] as const)("%s is refused", async (_, make, why) => {
  await Bun.write(at("hostile.mkv"), Buffer.from(make(`file:${at("secret.srt")}`), "latin1"));
  const refusal = checkBurnInFile(tools, at("hostile.mkv"));
  await expect(refusal).rejects.toMatchObject({ code: "E_SOURCE_REFUSED" });
  await expect(refusal).rejects.toThrow(why);
});

test("Matroska that holds pictures is refused: only text is drawn", async () => {
  const refusal = checkBurnInFile(tools, at("picture.mkv"));
  await expect(refusal).rejects.toThrow("it holds video, subtitle");
});
