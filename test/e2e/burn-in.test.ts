// Subtitles drawn into the picture across a real cluster, and tracks with options of their own beside them.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { copyFile, writeFile } from "node:fs/promises";
import type { Proof } from "../../src/media/model/proof.ts";
import { Cluster } from "../support/cluster.ts";
import { IS_LONG } from "../support/long-run.ts";
import { hardCase } from "../support/media.ts";
import { outputOf } from "../support/programs.ts";

const BOUND_MS = 180_000;
let cluster: Cluster;

const SRT = [
  "1\n00:00:00,200 --> 00:00:01,300\nHello <i>there</i>\n",
  "2\n00:00:00,700 --> 00:00:02,100\nÄnderung, Привет\n",
  "3\n00:00:03,400 --> 00:00:04,800\nLast\n",
].join("\n");

function ffmpeg(...args: readonly string[]): Promise<string> {
  return outputOf("ffmpeg", ["-y", "-nostdin", "-v", "error", ...args], cluster.folder);
}

/** MD5 of each frame; `filter` is drawn by one plain run. */
async function frames(input: string, filter: string): Promise<string[]> {
  const picture = ["-map", "0:v:0", "-vf", filter, "-fps_mode", "passthrough"];
  const text = await ffmpeg("-i", input, ...picture, "-f", "framehash", "-hash", "md5", "-");
  return text.split("\n").flatMap((line) => (/^\d/.test(line) ? [line.split(",").at(-1)?.trim() ?? ""] : []));
}

beforeAll(async () => {
  cluster = await Cluster.make();
  await writeFile(cluster.path("text.srt"), SRT);
  await writeFile(cluster.path("noise.srt"), Buffer.from([0x47, 0, 1, 2, 3]));
  const noise = (seed: number) => ["-f", "lavfi", "-i", `anoisesrc=d=5:a=0.3:r=48000:seed=${seed}`];
  await ffmpeg(
    ...["-f", "lavfi", "-i", "testsrc2=s=192x108:r=12:d=5", ...noise(1), ...noise(2), ...noise(3), "-i", "text.srt"],
    ...["-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map", "4", "-c:v", "libx264", "-preset", "ultrafast"],
    ...["-g", "6", "-bf", "0", "-c:a", "mp2", "-c:s", "srt", "-metadata:s:a:0", "language=eng"],
    ...["-metadata:s:a:2", "language=fra", "-metadata:s:s:0", "language=deu", "source.mkv"],
  );
  // Both must be there before the first segment is cut, and no segment may be the whole clip.
  await cluster.serve({
    args: ["--required-clients", "2", "--benchmark-duration", "1", "--max-segment-duration", "2"],
  });
  await cluster.join("near");
  await cluster.join("far", ["--source-access", "gateway"]);
}, BOUND_MS);
afterAll(() => cluster[Symbol.asyncDispose]());

interface Row {
  readonly what: string;
  readonly filter: string;
  readonly extra?: readonly string[];
  /** What one plain run draws, where it is written otherwise. */
  readonly plain?: string;
}

const TIMECODE = String.raw`drawtext=timecode='00\:00\:58;20':r=30000/1001`;
const ROWS: readonly Row[] = [
  { what: "the source's own track", filter: "subtitles=si=0", plain: "subtitles=source.mkv:si=0" },
  {
    what: "an uploaded file that no filter names",
    filter: "hflip",
    extra: ["--subtitles", "text.srt"],
    plain: "hflip,subtitles=text.srt",
  },
  { what: "a timecode and the frame's number", filter: `${TIMECODE},drawtext=text=%{n}:y=60:start_number=7` },
];

async function submitted(source: string, output: string, filter: string, extra: readonly string[] = []) {
  const params = `-c:v ffv1 -vf "${filter}"`;
  const ended = await cluster.command([
    ...["submit", cluster.path(source), "-o", output, "--ffmpeg-params", params, "--json", ...extra],
  ]);
  expect({ exitCode: ended.exitCode, stderr: ended.stderr.slice(-500) }).toMatchObject({ exitCode: 0 });
  const last = JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? "{}") as { readonly proof?: Proof };
  expect(last.proof?.exact).toBe(true);
  return last.proof;
}

test.each([...ROWS])(
  "split among both clients, $what is drawn as one machine draws it",
  async ({ filter, extra, plain }) => {
    const output = cluster.path(`${Bun.hash(filter)}.mkv`);
    const proof = await submitted("source.mkv", output, filter, extra);
    expect(proof?.segments.length).toBeGreaterThan(1);
    expect(new Set(proof?.segments.map(({ client }) => client)).size).toBe(2);
    const drawn = await frames("source.mkv", plain ?? filter);
    expect(drawn.length).toBe(60);
    expect(await frames(output, "null")).toEqual(drawn);
    expect(drawn).not.toEqual(await frames("source.mkv", filter === "hflip" ? filter : "null"));
  },
  BOUND_MS,
);

// src/media/local/filters-split.test.ts shows it without a cluster.
test.skipIf(!IS_LONG)(
  "numbers are drawn in one segment where packets are not frames",
  async () => {
    await copyFile(await hardCase("paff-h264.ts"), cluster.path("fields.ts"));
    const output = cluster.path("fields.mkv");
    const proof = await submitted("fields.ts", output, "drawtext=text=%{n}");
    expect(proof?.segments.length).toBe(1);
    expect(proof?.notes.join()).toContain("the frames are numbered");
    expect(await frames(output, "null")).toEqual(await frames("fields.ts", "drawtext=text=%{n}"));
  },
  BOUND_MS,
);

// In the usual run found/yadif-over-another-format.json shows that one run is made where filters are set up anew.
test.skipIf(!IS_LONG)(
  "numbers are drawn in one segment where the pictures change their size, since ffmpeg then begins anew",
  async () => {
    await copyFile(await hardCase("ts-resolution-change.ts"), cluster.path("sizes.ts"));
    const output = cluster.path("sizes.mkv");
    const proof = await submitted("sizes.ts", output, "drawtext=text=%{n}");
    expect(proof?.segments.length).toBe(1);
    expect(proof?.notes.join()).toContain("the pictures change from 320x180 yuv420p to 640x360 yuv420p");
    expect(await frames(output, "null")).toEqual(await frames("sizes.ts", "drawtext=text=%{n}"));
  },
  BOUND_MS,
);

test(
  "two encoded tracks with options each, one copied, text converted, languages and dispositions",
  async () => {
    const output = cluster.path("tracks.mp4");
    const params =
      "-c:v libx264 -preset ultrafast -crf 30 -c:a:0 aac -b:a:0 64k -c:a:1 copy -c:a:2 libopus -b:a:2 48k -ac:a:2 2 " +
      "-metadata:s:a:1 language=deu -disposition:a:0 0 -disposition:a:2 default -disposition:s:0 forced";
    const ended = await cluster.command(["submit", "source.mkv", "-o", output, "--ffmpeg-params", params]);
    expect(ended).toMatchObject({ exitCode: 0 });
    const shown = await ffmpegProbe(output);
    expect(shown).toEqual([
      ...["video h264 und 1 0", "audio aac eng 0 0", "audio mp3 deu 0 0", "audio opus fra 1 0"],
      "subtitle mov_text deu 1 1",
    ]);
  },
  BOUND_MS,
);

async function ffmpegProbe(path: string): Promise<string[]> {
  const answer = await outputOf("ffprobe", [
    ...["-v", "error", "-of", "json", "-show_entries"],
    ...["stream=codec_type,codec_name:stream_tags=language:stream_disposition=default,forced", path],
  ]);
  const { streams } = JSON.parse(answer) as {
    streams: {
      codec_type: string;
      codec_name: string;
      tags: { language: string };
      disposition: Record<string, number>;
    }[];
  };
  return streams.map(
    ({ codec_type: type, codec_name: codec, tags, disposition }) =>
      `${type} ${codec} ${tags.language} ${disposition.default} ${disposition.forced}`,
  );
}

test.each([
  ["a track that is not there", ["--ffmpeg-params", "-vf subtitles=si=3"], 2, "si=0 (subrip deu)"],
  ["an option for a track that is not there", ["--ffmpeg-params", "-c:a:3 aac"], 2, "a:0 to a:2"],
  ["a binary file", ["--subtitles", "noise.srt"], 1, "UTF-8"],
  ["a file that is no subtitles", ["--subtitles", "source.mkv"], 1, ".srt"],
  ["a file that does not exist", ["--subtitles", "gone.srt"], 1, "gone.srt"],
  ["an upload that is not given", ["--ffmpeg-params", "-vf subtitles=upload"], 2, "--subtitles FILE"],
  ["a file in the request", ["--ffmpeg-params", "-vf subtitles=/etc/passwd"], 2, "--subtitles FILE"],
])(
  "refused before any work, with a hint: %s",
  async (_, args, exitCode, said) => {
    const ended = await cluster.command(["submit", "source.mkv", "-o", cluster.path("never.mkv"), ...args]);
    expect(ended).toMatchObject({ exitCode });
    expect(ended.stderr).toContain(said);
  },
  BOUND_MS,
);
