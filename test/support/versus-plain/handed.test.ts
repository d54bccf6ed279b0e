import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { areChaptersHanded, sharesTimes } from "./handed.ts";
import { readingOf } from "./reading.ts";
import { mustRun, toolsIn } from "./tools.ts";

function shownAt(...seconds: number[]) {
  return { pictures: { md5: [], seconds, tick: 0.001, thumbs: new Uint8Array() } };
}

test("two pictures in a row of one time are found", () => {
  expect(sharesTimes(shownAt(0, 0.25, 0.25, 0.333))).toBe(true);
  expect(sharesTimes(shownAt(0, 0.25, 0.333))).toBe(false);
  expect(sharesTimes(shownAt(0.25))).toBe(false);
});

test("pictures a tick apart have times of their own", () => {
  expect(sharesTimes(shownAt(0, 0.001, 0.002))).toBe(false);
});

test("chapters that plain ffmpeg's muxer leaves behind the streams are held against where they were before", async () => {
  const tools = await toolsIn(process.env.FFCLUSTER_FFMPEG_DIR ?? null);
  const folder = await mkdtemp(join(tmpdir(), "handed-"));
  try {
    const [list, source, output] = ["list.txt", "source.mp4", "plain.mkv"].map((name) => join(folder, name));
    if (list === undefined || source === undefined || output === undefined) throw new Error("no paths");
    await Bun.write(list, ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=200\nEND=300\n");
    const pictures = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=0.4"];
    const inputs = [...pictures, "-f", "lavfi", "-i", "aevalsrc=0:s=48000:d=0.4", "-i", list, "-map_chapters", "2"];
    await mustRun([tools.ffmpeg, "-v", "error", ...inputs, "-c:v", "libx264", "-c:a", "libmp3lame", source]);
    // The first packet of the MP3 lies before the pictures, so Matroska begins with it and the pictures later.
    const kept = { video: 0, audio: [1], subtitles: [] };
    const codecs = { audio: ["mp3"], subtitles: [] };
    const job = { source, params: ["-c:v", "copy"], output, kept, codecs };
    const reading = await readingOf(tools, source);
    const at = (begins: number) => ({ ...reading, chapters: [{ begins, ends: 0.3, title: "" }] });
    const first = reading.pictures.seconds[0] ?? 0;
    expect(await areChaptersHanded(tools, job, at(first + 0.2))).toBe(true);
    expect(await areChaptersHanded(tools, job, at(first + 0.12))).toBe(false);
  } finally {
    await rm(folder, { recursive: true });
  }
});
