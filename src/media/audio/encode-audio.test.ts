// The whole argument list of the audio run, and what an encoder's own names for loudspeakers add to it.
import { expect, test } from "bun:test";
import type { Container, SourceInfo } from "../model/source.ts";
import { planStreams } from "../plan/stream-plan.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { EVERY_KIND } from "../verify/every-kind.fixture.ts";
import { audioArgs } from "./encode-audio.ts";

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
