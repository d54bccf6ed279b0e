import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pictureDifferences } from "./differences.ts";
import { areChaptersHanded, areEventsHanded, sharesTimes, withoutEncodersOwn } from "./handed.ts";
import { runPlain } from "./plain-run.ts";
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

test("text that plain ffmpeg's muxer moves is held against where it was before", async () => {
  const tools = await toolsIn(process.env.FFCLUSTER_FFMPEG_DIR ?? null);
  const folder = await mkdtemp(join(tmpdir(), "handed-"));
  try {
    const [list, source, output] = ["list.srt", "source.mp4", "plain.mp4"].map((name) => join(folder, name));
    if (list === undefined || source === undefined || output === undefined) throw new Error("no paths");
    await Bun.write(list, "1\n00:00:01,900 --> 00:00:02,400\nfirst\n\n2\n00:00:02,500 --> 00:00:03,000\nsecond\n");
    const pictures = ["-itsoffset", "1.4", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=30000/1001:d=0.4"];
    // The sound begins a little before the pictures, and the rate counts from there.
    const sound = ["-itsoffset", "1.394", "-f", "lavfi", "-i", "aevalsrc=0:s=48000:d=0.4"];
    const made = ["-map", "0", "-map", "1", "-map", "2", "-c:v", "libx264", "-c:a", "flac", "-c:s", "mov_text"];
    const inputs = [...pictures, ...sound, "-i", list, ...made, "-copyts", "-strict", "-2"];
    await mustRun([tools.ffmpeg, "-v", "error", ...inputs, source]);
    const kept = { video: 0, audio: [1], subtitles: [2] };
    const codecs = { audio: ["flac"], subtitles: ["mov_text"] };
    const params = ["-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", "-r", "24", "-c:a", "copy", "-strict", "-2"];
    const job = { source, params, output, kept, codecs };
    expect((await runPlain(tools, job)).exitCode).toBe(0);
    const plain = await readingOf(tools, output);
    const first = plain.pictures.seconds[0] ?? 0;
    const at = (...times: readonly number[]) => ({
      ...plain,
      subtitles: [times.map((begins) => ({ begins: first + begins, ends: first + begins + 0.5, text: "text" }))],
    });
    expect(await areEventsHanded(tools, job, at(0.506, 1.106))).toBe(true);
    expect(await areEventsHanded(tools, job, at(0.5, 1.1))).toBe(false);
    expect(await areEventsHanded(tools, job, at(0.506))).toBe(false);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a picture that a decoder loses of what the encoder wrote is held against what was handed over", async () => {
  const tools = await toolsIn(process.env.FFCLUSTER_FFMPEG_DIR ?? null);
  const folder = await mkdtemp(join(tmpdir(), "handed-"));
  try {
    const [source, output, shaped] = ["source.nut", "plain.ts", "shaped.ts"].map((name) => join(folder, name));
    if (source === undefined || output === undefined || shaped === undefined) throw new Error("no paths");
    const rate = ["-c:v", "mpeg2video", "-q:v", "2", "-g", "5"];
    await mustRun([tools.ffmpeg, "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=0.4", ...rate, source]);
    await mustRun([tools.ffmpeg, "-v", "error", "-i", source, ...rate, output]);
    // The sequence header of the second group says another shape of the pixels.
    const bytes = Buffer.from(await Bun.file(output).bytes());
    const second = bytes.indexOf("000001b3", bytes.indexOf("000001b3", 0, "hex") + 4, "hex");
    bytes.writeUInt8((bytes.readUInt8(second + 7) & 0x0f) | 0x30, second + 7);
    await Bun.write(shaped, bytes);
    const job = { source, params: rate, output: shaped, kept: null, codecs: { audio: [], subtitles: [] } };
    const ours = await readingOf(tools, output);
    const found = pictureDifferences(ours.pictures, (await readingOf(tools, shaped)).pictures, { isLossless: false });
    expect(found).toEqual(["10 pictures where plain ffmpeg has 9"]);
    expect(await withoutEncodersOwn(tools, job, ours, found)).toEqual([]);
    const cut = (count: number) => ({
      ...ours.pictures,
      md5: ours.pictures.md5.slice(0, count),
      seconds: ours.pictures.seconds.slice(0, count),
    });
    const lacking = ["8 pictures where plain ffmpeg has 9"];
    expect(await withoutEncodersOwn(tools, job, { ...ours, pictures: cut(8) }, lacking)).toEqual(lacking);
    // The encoder itself left a picture out.
    const dropped = { ...job, output: source.replace(".nut", "-9.ts") };
    await mustRun([tools.ffmpeg, "-v", "error", "-i", source, "-frames:v", "9", ...rate, dropped.output]);
    expect(await withoutEncodersOwn(tools, dropped, ours, found)).toEqual(found);
  } finally {
    await rm(folder, { recursive: true });
  }
});
