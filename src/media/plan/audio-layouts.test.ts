import { expect, test } from "bun:test";
import { AppError } from "../../base/errors.ts";
import type { SourceStream } from "../model/source.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { audioOfTrack } from "../request/values/audio-tracks.ts";
import { opusName, requireLayout } from "./audio-layouts.ts";

const stream: SourceStream = {
  index: 1,
  type: "audio",
  codec: "ac3",
  language: null,
  title: null,
  isAttachedPicture: false,
  dispositions: [],
  startPts: 0,
  timeBase: { num: 1, den: 1000 },
  sampleRate: 48_000,
  channels: 2,
};

/** The refusal of `params` for sound with these speakers, or null. */
function refusal(params: string, source: Partial<SourceStream>, isWebm = false): AppError | null {
  const asked = audioOfTrack(parseEncodeParams(params), 0);
  if (asked.mode !== "encode" || asked.codec === null) throw new Error("no encoder is asked for");
  try {
    requireLayout(asked, asked.codec, { ...stream, ...source }, isWebm);
    return null;
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
}

// Each as ffmpeg 5.1.9 has it: `-f lavfi -i anullsrc=cl=LAYOUT -c:a libopus`.
const TAKEN = "mono stereo 3.0 quad quad(side) 5.0 5.0(side) 5.1 5.1(side) 6.1 7.1".split(" ");
const REFUSED = "2.1 3.0(back) 3.1 4.0 4.1 6.0 6.0(front) hexagonal 6.1(back) 7.0 7.0(front) 7.1(wide) octagonal";

test("libopus: layouts that it takes and that it refuses", () => {
  for (const channelLayout of TAKEN) expect(refusal("-c:a libopus", { channelLayout })).toBeNull();
  for (const channelLayout of REFUSED.split(" ")) {
    const error = refusal("-c:a libopus", { channelLayout });
    expect(error?.code).toBe("E_ENCODE_REQUEST");
    expect(error?.message).toBe(
      `libopus cannot encode the speakers of ${channelLayout}, which the sound of stream 1 would have`,
    );
    expect(refusal("-c:a libvorbis", { channelLayout })).not.toBeNull();
    expect(refusal("-c:a aac", { channelLayout })).toBeNull();
    expect(refusal("-c:a libopus -ac 2", { channelLayout })).toBeNull();
    expect(refusal("-c:a libopus -filter:a aformat=channel_layouts=7.1", { channelLayout })).toBeNull();
    expect(refusal("-c:a libopus -mapping_family 255", { channelLayout })).toBeNull();
  }
});

test("channels that have no names, or are asked for by number, get ffmpeg's own", () => {
  const isRefused = (channels: number) => refusal("-c:a libopus", { channels }) !== null;
  expect([1, 2, 3, 4, 5, 6, 7, 8, 9].filter(isRefused)).toEqual([3, 4, 9]);
  const isAskedInVain = (channels: number) => refusal(`-c:a libopus -ac ${channels}`, { channels: 2 }) !== null;
  expect([1, 2, 3, 4, 5, 6, 7, 8].filter(isAskedInVain)).toEqual([3, 4]);
});

test("a track that says no channels holds none, and is not called too many", () => {
  expect(refusal("-c:a libopus", { channels: 0 })).toBeNull();
});

test("the hint: what can be done in the container at hand, and without losing a channel where that can be", () => {
  expect(refusal("-c:a libopus", { channelLayout: "4.0" })?.hint).toBe(
    "-ac 2 mixes it for two speakers; -filter:a aformat=channel_layouts=6.1 keeps every channel; -c:a aac takes it as it is.",
  );
  expect(refusal("-c:a libopus", { channelLayout: "octagonal" }, true)?.hint).toBe("-ac 2 mixes it for two speakers.");
});

test("side speakers under Vorbis' names", () => {
  const asked = audioOfTrack(parseEncodeParams("-c:a libopus"), 0);
  if (asked.mode !== "encode") throw new Error("no encoder is asked for");
  expect(opusName(asked, "libopus", { ...stream, channelLayout: "5.1(side)" })).toBe("5.1");
  expect(opusName(asked, "libopus", { ...stream, channelLayout: "5.1" })).toBeNull();
  expect(opusName(asked, "aac", { ...stream, channelLayout: "5.1(side)" })).toBeNull();
});
