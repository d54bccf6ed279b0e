// What stands beside the picture (sound that is odd or missing, subtitles and chapters outside the film) arrives at its
// place, or its loss is said in the last lines of `submit`.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { changeHeader } from "../../src/media/container-data/header-window.ts";
import { withMp4Boxes } from "../../src/media/container-data/mp4-track.ts";
import type { Cluster } from "../support/cluster.ts";
import { outputOf } from "../support/programs.ts";
import { clusterOfTwo, provenJob } from "../support/proven-job.ts";

const X264 = "-c:v libx264 -preset ultrafast -crf 30";
const TIMEOUT_MS = 60_000;
let cluster: Cluster;

const ffmpeg = (...args: readonly string[]) => outputOf("ffmpeg", ["-nostdin", "-v", "error", "-y", ...args]);

beforeAll(async () => {
  cluster = await clusterOfTwo();
}, 180_000);

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const moving = (seconds: number) => ["-f", "lavfi", "-i", `testsrc2=s=160x96:r=25:d=${seconds}`];
const noise = (seconds: number) => ["-f", "lavfi", "-i", `anoisesrc=d=${seconds}:r=48000:seed=3:a=0.3`];
const CHEAP = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "25"];

const complete = (source: string, output: string, params: string) => provenJob(cluster, source, output, params);

interface Read {
  readonly packets: readonly { codec_type: string; stream_index: number; pts_time?: string; size: string }[];
  readonly streams: readonly { codec_type: string; codec_name: string }[];
  readonly chapters: readonly { start_time: string; tags?: { title?: string } }[];
}

async function read(path: string): Promise<Read> {
  const what = ["-show_entries", "packet=codec_type,stream_index,pts_time,size", "-show_streams", "-show_chapters"];
  return JSON.parse(await outputOf("ffprobe", ["-v", "error", ...what, "-of", "json", path])) as Read;
}

/** When each event that holds text begins, in seconds after the first picture. */
function events({ packets }: Read): number[] {
  const first = Math.min(...packets.filter((one) => one.codec_type === "video").map((one) => Number(one.pts_time)));
  return packets
    .filter((one) => one.codec_type === "subtitle" && Number(one.size) > 2)
    .map((one) => Number(one.pts_time) - first)
    .sort((a, b) => a - b);
}

/** The film begins at 5 s; subtitles and chapters begin before it, some have no length, and the sound's packets neither. */
async function makeOdd(path: string): Promise<void> {
  const event = (number: number, from: string, to: string) =>
    `${number}\n00:00:${from} --> 00:00:${to}\nline ${number}\n`;
  const srt = [event(1, "01,000", "02,000"), event(2, "06,000", "06,500"), event(3, "06,500", "06,500")];
  await writeFile(cluster.path("odd.srt"), [...srt, event(4, "07,500", "20,000")].join("\n"));
  await writeFile(cluster.path("empty.vtt"), "WEBVTT\n\n");
  const chapters = [
    ...[
      [0, 800, "before"],
      [4000, 6000, "over the start"],
      [6000, 6000, "no length"],
      [14_000, 17_000, "beyond"],
    ],
  ].map(([start, end, title]) => `[CHAPTER]\nTIMEBASE=1/1000\nSTART=${start}\nEND=${end}\ntitle=${title}\n`);
  await writeFile(cluster.path("odd.txt"), `;FFMETADATA1\n${chapters.join("")}`);
  await ffmpeg(...moving(3), ...noise(3), ...CHEAP, "-c:a", "wavpack", cluster.path("film.mkv"));
  await ffmpeg(
    ...["-itsoffset", "5", "-i", cluster.path("film.mkv"), "-i", cluster.path("odd.srt")],
    ...["-f", "webvtt", "-i", cluster.path("empty.vtt"), "-i", cluster.path("odd.txt")],
    ...["-map", "0", "-map", "1", "-map", "2", "-map_chapters", "3", "-c", "copy", "-c:s", "srt"],
    ...["-copyts", "-avoid_negative_ts", "disabled", path],
  );
}

test(
  "subtitles and chapters outside of the film, and sound without lengths",
  async () => {
    const source = cluster.path("odd.mkv");
    await makeOdd(source);
    const output = cluster.path("odd.mp4");
    const { said, proof } = await complete(source, output, X264);
    const [want, got] = await Promise.all([read(source), read(output)]);
    expect(events(want)).toHaveLength(4);
    const late = events(got).map((at, position) => Math.abs(at - (events(want)[position] ?? 0)));
    expect(late).toHaveLength(4);
    expect(Math.max(...late)).toBeLessThan(0.002);
    expect(got.streams.map((one) => one.codec_name).slice(0, 4)).toEqual(["h264", "aac", "mov_text", "mov_text"]);
    const titles = got.chapters.map((one) => one.tags?.title);
    expect(titles.slice(0, 1)).toEqual(["over the start"]);
    expect(titles).toContain("beyond");
    expect(proof.lost?.[0]).toContain('chapter 1 "before" is left out');
    expect(said).toContain('lost: chapter 1 "before" is left out');
  },
  TIMEOUT_MS,
);

/** A broadcast: AAC in LATM, and a second track that the tables name and that never sends (PID 0x102). */
async function makeBroadcast(path: string): Promise<void> {
  const whole = cluster.path("whole.ts");
  const sounds = ["-map", "0", "-map", "1", "-map", "1", "-c:a:0", "aac", "-c:a:1", "mp2"];
  await ffmpeg(...moving(3), ...noise(3), ...CHEAP, ...sounds, "-mpegts_flags", "latm", whole);
  const bytes = await Bun.file(whole).bytes();
  const starts = Array.from({ length: Math.floor(bytes.length / 188) }, (_, number) => number * 188);
  const pidAt = (at: number) => (((bytes[at + 1] ?? 0) & 0x1f) << 8) | (bytes[at + 2] ?? 0);
  const kept = starts.filter((at) => pidAt(at) !== 0x102).map((at) => bytes.subarray(at, at + 188));
  expect(kept.length).toBeLessThan(starts.length);
  await Bun.write(path, kept);
}

test(
  "a film without any sound is refused unless it is asked for; a track that never sends is left out, and said",
  async () => {
    const source = cluster.path("broadcast.ts");
    await makeBroadcast(source);
    const silent = cluster.path("silent.mp4");
    const copy = `${X264} -map 0:v -map 0:a:0 -c:a copy`;
    const refused = await cluster.command(["submit", source, "-o", silent, "--ffmpeg-params", copy, "--json"]);
    expect({ exitCode: refused.exitCode, stdout: refused.stdout }).toMatchObject({
      exitCode: 2,
      stdout: expect.stringContaining("no sound at all (stream 1: mp4 cannot hold aac_latm)"),
    });
    expect(await Bun.file(silent).exists()).toBe(false);

    const { said, proof } = await complete(source, cluster.path("broadcast.mp4"), X264);
    const left = "2 audio mp3: it holds no sound: the source names the track and has no packet of it";
    expect(said).toContain(`left out: ${left}`);
    expect(proof.streams.left_out.map(({ index }) => index)).toEqual([2]);
    expect(proof.checks).toContainEqual(expect.objectContaining({ name: "sound kept", ok: true }));
    const { streams } = await read(cluster.path("broadcast.mp4"));
    expect(streams.map((one) => one.codec_name)).toEqual(["h264", "aac"]);
  },
  TIMEOUT_MS,
);

/** Boxes written by hand: st3d and sv3d of Spherical Video V2 (side by side; 10° of yaw), mdcv and clli of ISO 14496-12. */
const PICTURE_BOXES = [
  "0000000d 73743364 00000000 02",
  "00000051 73763364 0000000d 73766864 00000000 00 0000003c 70726f6a",
  "00000018 70726864 00000000 000a0000 00000000 00000000",
  "0000001c 65717569 00000000 00000000 00000000 00000000 00000000",
  "00000020 6d646376 2fda 8926 1af7 0a2c 846b 3ee1 3d12 4041 00989680 00000064",
  "0000000c 636c6c69 03e8 0190",
].map((hex) => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex")));

async function makeDescribed(path: string): Promise<void> {
  const room = PICTURE_BOXES.reduce((sum, { length }) => sum + length, 0);
  await ffmpeg(
    ...[...moving(3), ...CHEAP, "-pix_fmt", "yuv420p10le", "-color_primaries", "bt2020", "-color_trc", "smpte2084"],
    ...["-colorspace", "bt2020nc", "-timecode", "10:20:30:12"],
    ...["-metadata:s:v:0", `handler_name=camera${"~".repeat(room)}`, path],
  );
  const isWritten = await changeHeader(path, "mp4", (header) => withMp4Boxes(header, PICTURE_BOXES, 0x7e));
  expect(isWritten).toBe(true);
}

interface Described {
  readonly streams: readonly {
    readonly codec_type: string;
    readonly tags?: Record<string, string>;
    readonly side_data_list?: readonly Record<string, unknown>[];
  }[];
}

async function describedBy(path: string) {
  const answer = await outputOf("ffprobe", ["-v", "error", "-show_streams", "-of", "json", path]);
  const video = (JSON.parse(answer) as Described).streams.find((one) => one.codec_type === "video");
  const of = (type: string) => video?.side_data_list?.find((data) => data.side_data_type === type);
  const tags = Object.fromEntries(Object.entries(video?.tags ?? {}).map(([key, value]) => [key.toLowerCase(), value]));
  return {
    yaw: of("Spherical Mapping")?.yaw,
    stereo: of("Stereo 3D")?.type,
    light: of("Content light level metadata")?.max_content,
    display: of("Mastering display metadata") !== undefined,
    timecode: tags.timecode,
    name: tags.handler_name ?? tags.title,
  };
}

test.each([
  ["mp4", "-movflags +faststart", "VideoHandler"],
  ["mov", "-metadata:s:v:0 title=reel", "reel"],
  ["mkv", "-metadata:s:v:0 title=reel", "reel"],
])(
  "timecode, 360°, stereo and HDR10 of the container are in the %s",
  async (container, more, name) => {
    const source = cluster.path("described.mp4");
    if (!(await Bun.file(source).exists())) await makeDescribed(source);
    const want = { yaw: 10, stereo: "side by side", light: 1000, display: true, timecode: "10:20:30:12" };
    expect(await describedBy(source)).toEqual({ ...want, name: "camera" });
    const output = cluster.path(`kept.${container}`);
    const { proof } = await complete(source, output, `${X264} ${more}`);
    expect(await describedBy(output)).toEqual({ ...want, name });
    expect(proof.lost).toEqual([]);
    expect(proof.checks).toContainEqual(expect.objectContaining({ name: "container data", ok: true }));
    // The pictures behind the header are where they were.
    const decoded = await outputOf("ffmpeg", ["-nostdin", "-v", "error", "-i", output, "-f", "framemd5", "-"]);
    expect(decoded.split("\n").filter((line) => line.startsWith("0,"))).toHaveLength(75);
  },
  TIMEOUT_MS,
);
