// What becomes of every kind of stream in every container, in real files: one rich source, read back with ffprobe.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { rowsOf } from "../../../test/support/long-run.ts";
import { pgsSubtitles } from "../../../test/support/pgs.ts";
import { runFfmpeg } from "../ffmpeg/run-ffmpeg.fixture.ts";
import { runUnconfined } from "../ffmpeg/run-tool.fixture.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import type { Container } from "../model/source.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { runLocally } from "./local-pipeline.ts";

const TIMEOUT_MS = 120_000;
let tools: Tools;
let folder: string;
let rich: string;
let bitmaps: string;
let broadcast: string;

const SRT = "1\n00:00:00,300 --> 00:00:00,900\nHello <i>there</i>\n\n2\n00:00:01,100 --> 00:00:01,700\nSecond, line\n";
const CHAPTERS = [
  ";FFMETADATA1\ntitle=Film",
  "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=One",
  "[CHAPTER]\nTIMEBASE=1/1000\nSTART=1000\nEND=2000\ntitle=Two\n",
].join("\n");

const ffmpeg = (...args: readonly string[]) => runFfmpeg(tools, args);

beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "ffcluster-streams-"));
  const file = (name: string) => join(folder, name);
  [rich, bitmaps, broadcast] = [file("rich.mkv"), file("bitmaps.mkv"), file("broadcast.ts")];
  await writeFile(file("text.srt"), SRT);
  await writeFile(file("chapters.txt"), CHAPTERS);
  await writeFile(file("font.ttf"), "not a font, but bytes that must arrive");
  await writeFile(file("pictures.sup"), pgsSubtitles([0, 0.7, 1.4]));
  await ffmpeg("-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1", file("cover.png"));
  const noise = (seed: number, rate: number) => ["-f", "lavfi", "-i", `anoisesrc=d=2:a=0.3:r=${rate}:seed=${seed}`];
  await ffmpeg(
    ...["-f", "lavfi", "-i", "testsrc2=s=128x72:r=10:d=2", ...noise(1, 48_000), ...noise(2, 44_100)],
    ...["-i", file("text.srt"), "-i", file("pictures.sup"), "-i", file("chapters.txt")],
    ...["-map", "0", "-map", "1", "-map", "1", "-map", "2", "-map", "3", "-map", "3", "-map", "4"],
    ...["-c:v", "libx264", "-preset", "ultrafast", "-c:a:0", "mp2", "-c:a:1", "ac3", "-c:a:2", "flac"],
    ...["-c:s:0", "srt", "-c:s:1", "ass", "-c:s:2", "copy", "-map_chapters", "5", "-map_metadata", "5"],
    ...["-attach", file("font.ttf"), "-metadata:s:t:0", "mimetype=application/x-truetype-font"],
    ...["-attach", file("cover.png"), "-metadata:s:t:1", "mimetype=image/png", "-metadata:s:t:1", "filename=cover.png"],
    ...["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu", "-metadata:s:a:1", "title=Kommentar"],
    ...["-metadata:s:a:2", "language=fra", "-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=jpn"],
    ...["-metadata:s:s:2", "language=spa", "-disposition:a:0", "0", "-disposition:a:1", "default"],
    ...["-disposition:s:0", "0", "-disposition:s:1", "forced", rich],
  );
  const pictures = ["-i", rich, "-i", file("pictures.sup"), "-map", "0:v:0", "-map", "1", "-c:v", "copy"];
  await ffmpeg(...pictures, "-c:s", "dvdsub", "-metadata:s:s:0", "language=deu", bitmaps);
  await ffmpeg(...pictures, "-c:s", "dvbsub", "-metadata:s:s:0", "language=deu", broadcast);
}, TIMEOUT_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

const probeSchema = z.object({
  streams: z.array(
    z.object({
      codec_type: z.string(),
      codec_name: z.string().optional(),
      channels: z.number().optional(),
      sample_rate: z.string().optional(),
      disposition: z.record(z.string(), z.number()),
      tags: z.record(z.string(), z.string()).optional(),
    }),
  ),
  chapters: z.array(z.object({ start_time: z.string(), tags: z.object({ title: z.string() }) })),
  packets: z.array(z.object({ stream_index: z.number(), pts_time: z.string().optional(), size: z.string() })),
});
type Probed = z.infer<typeof probeSchema>;

async function probe(path: string): Promise<Probed> {
  const result = await runUnconfined({
    program: tools.ffprobe,
    args: ["-v", "error", "-show_streams", "-show_chapters", "-show_packets", "-of", "json", path],
  });
  return probeSchema.parse(JSON.parse(result.stdout));
}

/** "audio ac3 deu default 'Kommentar'" for each stream; `default` of video is the container's own business. */
function described({ streams }: Probed): string[] {
  return streams.map((stream) => {
    const { language, title, handler_name: handler, filename } = stream.tags ?? {};
    const shown = ["default", "forced", "attached_pic"].filter(
      (name) => stream.disposition[name] === 1 && (name !== "default" || stream.codec_type === "audio"),
    );
    const name = title ?? filename ?? (/Handler$/.test(handler ?? "") ? undefined : handler);
    const words = [stream.codec_type, stream.codec_name ?? "-", language === "und" ? undefined : language, ...shown];
    return [...words, name === undefined ? undefined : `'${name}'`].filter((word) => word !== undefined).join(" ");
  });
}

/** Times of the packets that show something, milliseconds; mov_text fills the gaps with empty ones of two bytes. */
function shownAt(probed: Probed, stream: number): number[] {
  const zero = Math.min(...probed.packets.filter((one) => one.stream_index === 0).map((one) => Number(one.pts_time)));
  return probed.packets
    .filter((packet) => packet.stream_index === stream && Number(packet.size) > 2)
    .map((packet) => Math.round((Number(packet.pts_time) - zero) * 1000));
}

async function convert(source: string, container: Container, params: string) {
  const encoder = container === "webm" ? "-c:v libvpx -deadline realtime -cpu-used 8 -b:v 200k" : "-c:v libx264";
  const workDir = await mkdtemp(join(folder, "run-"));
  const request = parseEncodeParams(`${encoder} ${container === "webm" ? "" : "-preset ultrafast"} ${params}`);
  const result = await runLocally(tools, source, request, { workDir, container, segmentSeconds: 10, threads: 1 });
  expect(result.check.checks.filter((check) => !check.ok)).toEqual([]);
  const left = result.plan.leftOut.map(({ source: { codec }, reason }) => `${codec}: ${reason}`);
  return { left, output: await probe(result.outputPath) };
}

const TEXT_TIMES = [300, 1100];
interface Row {
  readonly container: Container;
  readonly streams: readonly string[];
  /** Codecs that are named as left out. */
  readonly left: readonly string[];
  /** Positions of the text subtitles in the output. */
  readonly texts: readonly number[];
  readonly chapters: boolean;
}

const KOMMENTAR = "audio ac3 deu default 'Kommentar'";
const PGS = "hdmv_pgs_subtitle";
const ROWS: readonly Row[] = [
  {
    container: "mp4",
    streams: [
      // MP4 has one number for all layers of MPEG-1 sound, which is read as the third.
      ...["video h264", "audio mp3 eng", KOMMENTAR, "audio flac fra"],
      ...["subtitle mov_text eng", "subtitle mov_text jpn forced"],
      ...["data bin_data eng", "video png attached_pic"],
    ],
    left: [PGS, "ttf"],
    texts: [4, 5],
    chapters: true,
  },
  {
    container: "mov",
    streams: [
      ...["video h264", "audio aac eng", "audio ac3 ger default 'Kommentar'", "audio aac fra"],
      ...["subtitle mov_text eng", "subtitle mov_text jpn", "data bin_data eng"],
    ],
    left: [PGS, "png", "ttf"],
    texts: [4, 5],
    chapters: true,
  },
  {
    container: "mkv",
    streams: [
      ...["video h264", "audio mp2 eng", KOMMENTAR, "audio flac fra", "subtitle subrip eng", "subtitle ass jpn forced"],
      ...[`subtitle ${PGS} spa`, "attachment ttf 'font.ttf'", "video png attached_pic 'cover.png'"],
    ],
    left: [],
    texts: [4, 5],
    chapters: true,
  },
  {
    container: "webm",
    streams: [
      ...["video vp8", "audio opus eng", "audio opus deu default 'Kommentar'", "audio opus fra"],
      ...["subtitle webvtt eng", "subtitle webvtt jpn forced"],
    ],
    left: [PGS, "png", "ttf"],
    texts: [4, 5],
    chapters: true,
  },
  {
    container: "ts",
    streams: ["video h264", "audio mp2 eng", "audio ac3 deu", "audio aac fra"],
    left: ["subrip", "ass", PGS, "png", "ttf"],
    texts: [],
    chapters: false,
  },
];

test.each(ROWS)(
  "all streams of a rich source in $container",
  async ({ container, streams, left, texts, chapters }) => {
    const made = await convert(rich, container, "");
    expect(described(made.output)).toEqual([...streams]);
    expect(made.left.map((line) => line.split(":")[0] ?? "")).toEqual([...left]);
    for (const stream of texts) expect(shownAt(made.output, stream)).toEqual(TEXT_TIMES);
    expect(made.output.chapters.map((chapter) => chapter.tags.title)).toEqual(chapters ? ["One", "Two"] : []);
    const pictures = made.output.streams.findIndex((stream) => stream.codec_name === PGS);
    if (pictures !== -1) expect(shownAt(made.output, pictures)).toEqual([0, 400, 700, 1100, 1400, 1800]);
  },
  TIMEOUT_MS,
);

test.each([
  ...rowsOf<readonly [source: string, container: Container, stream: string, packets: number]>(
    [
      ["bitmaps", "mp4", "subtitle dvd_subtitle deu", 3],
      ["broadcast", "ts", "subtitle dvb_subtitle deu", 6],
    ],
    [
      ["bitmaps", "mkv", "subtitle dvd_subtitle deu", 3],
      ["broadcast", "mkv", "subtitle dvb_subtitle deu", 6],
    ],
  ),
])(
  "%s in %s",
  async (source, container, stream, packets) => {
    const { output, left } = await convert(source === "bitmaps" ? bitmaps : broadcast, container, "");
    expect(left).toEqual([]);
    expect(described(output)[1]).toBe(stream);
    expect(output.packets.filter((packet) => packet.stream_index === 1)).toHaveLength(packets);
  },
  TIMEOUT_MS,
);

test(
  "two tracks encoded each with its own options, one copied, text converted, tags and dispositions set",
  async () => {
    const params =
      "-map 0:v:0 -map 0:a -map 0:s:1 -map 0:s:0 -c:a:0 libopus -b:a:0 48k -ac:a:0 2 -c:a:2 aac -b:a:2 64k -ar:a:2 32000 " +
      "-filter:a:2 volume=0.5 -c:a:1 copy -metadata:s:a:0 title=Zero -metadata:s:s:0 language=kor -disposition:a:1 0 " +
      "-disposition:a:2 default";
    const { output } = await convert(rich, "mp4", params);
    expect(described(output).slice(0, 6)).toEqual([
      ...["video h264", "audio opus eng 'Zero'", "audio ac3 deu 'Kommentar'", "audio aac fra default"],
      ...["subtitle mov_text kor forced", "subtitle mov_text eng"],
    ]);
    const audio = output.streams.filter((stream) => stream.codec_type === "audio");
    expect(audio.map(({ channels, sample_rate: rate }) => `${channels} ${rate}`)).toEqual([
      "2 48000",
      "1 48000",
      "1 32000",
    ]);
    for (const stream of [4, 5]) expect(shownAt(output, stream)).toEqual(TEXT_TIMES);
  },
  TIMEOUT_MS,
);
