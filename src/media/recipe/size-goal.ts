// `-size`: another form of -b:v. The bit rate of the video with which the whole output ends just under a size in bytes: what
// the other streams and the container take is known or bounded beforehand, and the rest is the video's.
import { AppError } from "../../base/errors.ts";
import { toNumber } from "../../base/rational.ts";
import { probeCompact } from "../ffmpeg/compact-lines.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { Container, SourceInfo } from "../model/source.ts";
import type { PlannedStream, StreamPlan } from "../plan/stream-plan.ts";
import { bitrateGoalOf, pixelsOf } from "../request/args/bitrate-requests.ts";
import { soundBitrate } from "../request/tables/sound-bitrates.ts";

/** A bit rate may be missed by this much and still hold (verify/check-bitrate.ts). */
const RATE_ERROR = 0.02;
/** Below this no encoder makes a picture that anybody would look at; a bad one needs ten times as much. */
const LEAST_BITS_PER_PIXEL = 0.004;
const LEAST_BITRATE = 8000;
const MOST_BITRATE = 10_000_000_000;
/** Headers, metadata, chapters, and the first and last parts of tables. */
const BASE_BYTES = 16_384;
const USUAL_FRAME_RATE = 30;

interface Cost {
  /** Of a picture, and of a packet of another stream, in tables and headers: upper bounds, measured. */
  readonly picture: number;
  readonly packet: number;
  /** Of every byte of payload. */
  readonly share: number;
}

/** MP4: sizes, times, offsets, key frames. Matroska: a block's header and its part of clusters and cues. TS: packets of 188. */
const COSTS: Readonly<Record<Container, Cost>> = {
  mp4: { picture: 16, packet: 12, share: 0 },
  mov: { picture: 16, packet: 12, share: 0 },
  mkv: { picture: 10, packet: 8, share: 0 },
  webm: { picture: 10, packet: 8, share: 0 },
  ts: { picture: 200, packet: 150, share: 0.025 },
};

/** What lies beside the video in the output. */
export interface BesideVideo {
  readonly bytes: number;
  readonly packets: number;
}

export interface SizeQuestion {
  readonly bytes: number;
  readonly seconds: number;
  readonly frames: number;
  readonly container: Container;
  readonly beside: BesideVideo;
  /** Below it the result would be absurd. */
  readonly leastBitrate: number;
}

/** What is not the video's. */
function takenBytes({ container, beside, frames }: SizeQuestion): number {
  const { picture, packet, share } = COSTS[container];
  return BASE_BYTES + beside.bytes * (1 + share) + beside.packets * packet + frames * picture;
}

/** Bits per second for the video. Pure. Errors: E_ENCODE_REQUEST, with the least size. */
export function bitrateForSize(question: SizeQuestion): number {
  const { bytes, seconds, container, leastBitrate } = question;
  const perBit = 8 / (seconds * (1 + RATE_ERROR) * (1 + COSTS[container].share));
  const taken = takenBytes(question);
  const bitrate = Math.floor((bytes - taken) * perBit);
  if (bitrate >= leastBitrate) return Math.min(MOST_BITRATE, bitrate);
  const left = Math.max(0, bitrate);
  const least = Math.ceil((taken + leastBitrate / perBit) / 1e5) / 10;
  const message = `-size ${bytes}: ${(left / 1000).toFixed(0)} kbit/s would be left for the picture, beside ${(taken / 1e6).toFixed(1)} MB of sound and container`;
  const hint = `Give -size ${least}M at least, a smaller picture (-vf scale=…), or less sound (-b:a).`;
  throw new AppError("E_ENCODE_REQUEST", message, hint);
}

function refuse(what: string, hint: string): AppError {
  return new AppError("E_ENCODE_REQUEST", `-size: ${what}`, hint);
}

/** Of sound that is encoded. Errors: E_ENCODE_REQUEST where its size can't be known beforehand. */
function encodedSound({ source, action }: PlannedStream, seconds: number): BesideVideo {
  if (action.kind !== "encode-audio") return { bytes: 0, packets: 0 };
  const sound = soundBitrate(action.encoder, action.settings, source);
  if (sound === null) {
    const hint = "Give the sound a bit rate with -b:a, or copy it with -c:a copy.";
    throw refuse(`nobody knows beforehand how large ${action.encoder} makes the sound`, hint);
  }
  return { bytes: Math.ceil((sound.bitrate * seconds) / 8), packets: Math.ceil(sound.packetsPerSecond * seconds) };
}

/** Of the streams that are taken as they are: their packets are read. */
async function copiedStreams(
  tools: Tools,
  path: string,
  info: SourceInfo,
  indexes: readonly number[],
  signal?: AbortSignal,
): Promise<BesideVideo> {
  let [bytes, packets] = [0, 0];
  for (const index of indexes) {
    const args = ["-select_streams", String(index), "-show_entries", "packet=size:stream=extradata_size"];
    const onSection = (fields: ReadonlyMap<string, string>) => {
      if (fields.has("packet")) packets += 1;
      bytes += Number(fields.get("size") ?? fields.get("extradata_size") ?? 0) || 0;
    };
    await probeCompact(tools, { path, formats: info.formatName, args }, onSection, signal);
  }
  return { bytes, packets };
}

interface SizedSource {
  readonly path: string;
  readonly info: SourceInfo;
  readonly plan: StreamPlan;
}

/** The same request, with the video's bit rate in place of the output's size; one without a size stays as it is. Errors: E_ENCODE_REQUEST. */
export async function withBitrateForSize(
  tools: Tools,
  { path, info, plan }: SizedSource,
  request: EncodeRequest,
  signal?: AbortSignal,
): Promise<EncodeRequest> {
  const { outputBytes, ...video } = request.video;
  if (outputBytes === undefined) return request;
  const { durationMicroseconds } = info;
  if (durationMicroseconds === null || durationMicroseconds <= 0) {
    throw refuse("the container does not say how long the source lasts", "Give a bit rate with -b:v.");
  }
  const seconds = durationMicroseconds / 1e6;
  const copied = plan.streams.filter(({ action }) => action.kind !== "encode-video" && action.kind !== "encode-audio");
  const indexes = copied.map(({ source }) => source.index);
  const all = [
    await copiedStreams(tools, path, info, indexes, signal),
    ...plan.streams.map((stream) => encodedSound(stream, seconds)),
  ];
  const sum = (of: (each: BesideVideo) => number) => all.reduce((total, each) => total + of(each), 0);
  const framesPerSecond = frameRateFor(request, info);
  const leastBitrate = Math.max(LEAST_BITRATE, pixelsOf(request, info.video) * framesPerSecond * LEAST_BITS_PER_PIXEL);
  const bitrate = bitrateForSize({
    bytes: outputBytes,
    seconds,
    frames: Math.ceil(seconds * framesPerSecond),
    container: plan.container,
    beside: { bytes: sum(({ bytes }) => bytes), packets: sum(({ packets }) => packets) },
    leastBitrate,
  });
  return { ...request, video: { ...video, bitrate: Math.min(bitrate, video.maxrate ?? bitrate) } };
}

function frameRateFor({ video }: EncodeRequest, info: SourceInfo): number {
  const [num = 0, den = 1] = (video.frameRate ?? "").split("/").map(Number);
  if (num > 0) return num / den;
  const rate = info.video.averageFrameRate ?? info.video.realFrameRate;
  return rate === null ? USUAL_FRAME_RATE : Math.min(240, Math.max(1, toNumber(rate)));
}

/** `request`: as the encoder is given it. Errors: E_ENCODE_REQUEST where no bit rate of the whole video would be kept. */
export function requireRateKept(request: EncodeRequest): void {
  if (bitrateGoalOf(request) !== null) return;
  const hint = "Use a codec (-c:v hevc), libx264, libx265, libsvtav1 or libvpx-vp9.";
  throw refuse(`${request.video.encoder} keeps no bit rate over a whole video`, hint);
}
