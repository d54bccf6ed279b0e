// The whole argument list of the audio run, and what an encoder's own names for loudspeakers add to it.
import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runFfmpeg } from "../ffmpeg/run-ffmpeg.fixture.ts";
import { findTools } from "../ffmpeg/tools.ts";
import type { Container, SourceInfo } from "../model/source.ts";
import { planStreams } from "../plan/stream-plan.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { EVERY_KIND } from "../verify/every-kind.fixture.ts";
import { audioArgs, audioStepsArgs } from "./encode-audio.ts";
import { AUDIO_FILE_DEMUXERS, streamBeginnings } from "./stream-beginnings.ts";

const info = EVERY_KIND;

test("the whole argument list of the audio run: a file for each track, with its own options", () => {
  const request = parseEncodeParams(
    "-c:a copy -b:a 128k -c:a:0 aac -c:a:1 libopus -b:a:1 48k -ac:a:1 1 -filter:a:1 volume=2",
  );
  const plan = planStreams(info, request, "mp4");
  const outputs = ["file:/w/audio-0.mp4", "file:/w/audio-1.mp4"];
  expect(audioArgs(info, plan, "file:/s.mkv", outputs)).toEqual([
    ...["-hide_banner", "-nostdin", "-v", "error", "-copyts", "-itsoffset", "0.007000"],
    ...["-protocol_whitelist", "file", "-format_whitelist", "matroska,webm", "-f", "matroska", "-i", "file:/s.mkv"],
    ...["-map", "0:1", "-c:a", "aac", "-b:a", "128000", "-map_metadata", "-1", "-map_chapters", "-1"],
    ...["-movie_timescale", "48000", "-strict", "-2", "-f", "mp4", "-y", "file:/w/audio-0.mp4"],
    ...["-map", "0:2", "-c:a", "libopus", "-b:a", "48000", "-ac", "1", "-af", "volume=volume=2"],
    ...["-map_metadata", "-1", "-map_chapters", "-1"],
    ...["-movie_timescale", "48000", "-strict", "-2", "-f", "mp4", "-y", "file:/w/audio-1.mp4"],
  ]);
});

test("side channels get the names that libopus knows, unless the request says what becomes of them", () => {
  const side: SourceInfo = {
    ...info,
    streams: info.streams.map((each) =>
      each.index === 2 ? { ...each, channels: 6, channelLayout: "5.1(side)" } : each,
    ),
  };
  const filterOf = (params: string, container: Container) => {
    const args = audioArgs(side, planStreams(side, parseEncodeParams(params), container), "file:/s.mkv", ["file:/a"]);
    return args[args.indexOf("-af") + 1];
  };
  expect(filterOf("-map 0:v -map 0:2 -c:a libopus", "mkv")).toBe("aformat=channel_layouts=5.1");
  expect(filterOf("-map 0:v -map 0:2 -c:a libopus -af volume=2", "mkv")).toBe(
    "aformat=channel_layouts=5.1,volume=volume=2",
  );
  for (const params of ["libopus -ac 2", "libopus -mapping_family 255", "aac"])
    expect(filterOf(`-map 0:v -map 0:2 -c:a ${params}`, "mkv")).not.toContain("aformat=channel_layouts=5.1");
});

test("Opus that is kept apart from MP4 begins with its priming, also where that lies before zero", async () => {
  const folder = await mkdtemp(join(tmpdir(), "spare-format-"));
  try {
    const tools = await findTools(process.env);
    const [samples, output] = [join(folder, "samples.nut"), join(folder, "audio-0.mp4")];
    const plan = planStreams(info, parseEncodeParams("-map 0:v -map 0:2 -c:a libopus"), "mkv");
    const urls = { input: "file:/s.mkv", samples: `file:${samples}`, outputs: [`file:${output}`] };
    const [, encode] = audioStepsArgs(info, plan, { ...urls, spare: new Set([0]) });
    // Three milliseconds after the picture, and an hour away from zero.
    const sine = ["-f", "lavfi", "-i", "sine=r=48000:d=0.2", "-c:a", "pcm_f32le"];
    await runFfmpeg(tools, [...sine, "-output_ts_offset", "3600.003", samples]);
    await runFfmpeg(tools, encode);
    expect((await streamBeginnings(tools, output, AUDIO_FILE_DEMUXERS)).get(0)).toBe(-3500);
  } finally {
    await rm(folder, { recursive: true });
  }
});
