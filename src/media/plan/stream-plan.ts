// The streams of the output: which source streams are picked, in which order, what happens to each
// (stream-decision.ts), and which are left out and why. Pure.
import { AppError } from "../../base/errors.ts";
import type { EncodeRequest, StreamChoice } from "../model/encode-request.ts";
import type { ProofStream } from "../model/proof.ts";
import type { Container, SourceInfo, SourceStream } from "../model/source.ts";
import { selectStreams } from "../request/parse/stream-choice.ts";
import { CONTAINERS } from "../request/tables/containers.ts";
import { NO_SETTINGS } from "../request/values/audio-tracks.ts";
import { type PicturePlan, planPicture } from "./picture-plan.ts";
import { requireSound } from "./require-sound.ts";
import { decideStream, type StreamAction } from "./stream-decision.ts";
import { keptTimecode } from "./timecode.ts";

export interface PlannedStream {
  readonly source: SourceStream;
  /** Number among the streams of its type in the output: the N of `-c:a:N` and `-metadata:s:a:N`. */
  readonly number: number;
  readonly action: StreamAction;
}

export interface LeftOutStream {
  readonly source: SourceStream;
  readonly reason: string;
  /** The request says so, with -an, -sn or -map. */
  readonly isAsked: boolean;
}

export interface StreamPlan {
  readonly container: Container;
  /** In output order, cover art last (no container counts it among its tracks); exactly one is "encode-video". */
  readonly streams: readonly PlannedStream[];
  readonly leftOut: readonly LeftOutStream[];
  readonly keepChapters: boolean;
  readonly keepMetadata: boolean;
  /** Timecode of the source's first frame, unless an option replaces it; null: none. */
  readonly timecode: string | null;
  readonly picture: PicturePlan;
}

/**
 * The source's streams that `-map` picks, in its order; null when there is no `-map`. Exclusions alone (`-map -0:s`)
 * remove streams from the default choice. Errors: E_ENCODE_REQUEST.
 */
function chooseStreams(streams: readonly SourceStream[], maps: readonly StreamChoice[]): SourceStream[] | null {
  const indexes = selectStreams(maps, streams);
  if (indexes === null) return null;
  return indexes.flatMap((index) => streams.filter((stream) => stream.index === index));
}

function hasPictures({ isEncrypted, isWithoutPictures }: SourceStream): boolean {
  return isEncrypted !== true && isWithoutPictures !== true;
}

/** The video stream that the request's maps ask for; undefined: the default one. For `probeSource`. */
export function chosenVideoStream(streams: readonly SourceStream[], maps: readonly StreamChoice[]): number | undefined {
  const chosen = chooseStreams(streams, maps)?.filter(
    ({ type, isAttachedPicture }) => type === "video" && !isAttachedPicture,
  );
  return (chosen?.find(hasPictures) ?? chosen?.[0])?.index;
}

/**
 * Errors: E_ENCODE_REQUEST when `-map` picks nothing or no video, an encoder can't take the sound, or all sound would
 * be left out without being asked for; E_CONTAINER when the output can't state its full range.
 */
export function planStreams(info: SourceInfo, request: EncodeRequest, container: Container): StreamPlan {
  const chosen = chooseStreams(info.streams, request.maps);
  const isOwnOrder = chosen !== null && request.maps[0]?.exclude !== true;
  const inOrder = isOwnOrder
    ? chosen
    : (chosen ?? info.streams).toSorted((a, b) => rank(a, info) - rank(b, info) || a.index - b.index);
  const streams: PlannedStream[] = [];
  const leftOut: LeftOutStream[] = info.streams
    .filter((stream) => chosen !== null && !chosen.some((one) => one.index === stream.index))
    .map((source) => ({ source, reason: "not picked by -map", isAsked: true }));
  requireTracks(request, inOrder);
  const counts = new Map<SourceStream["type"], number>();
  let file = 0;
  for (const source of inOrder) {
    const number = counts.get(source.type) ?? 0;
    counts.set(source.type, number + 1);
    const decision = decideStream(source, info, request, container, number);
    if (decision.kind === "leave") leftOut.push({ source, reason: decision.reason, isAsked: decision.isAsked });
    else if (decision.kind === "encode-audio") streams.push({ source, number, action: { ...decision, file: file++ } });
    else streams.push({ source, number, action: decision });
  }
  if (!streams.some((stream) => stream.action.kind === "encode-video")) {
    throw new AppError(
      "E_ENCODE_REQUEST",
      "-map picks no video stream",
      "Add -map 0:v:0; sound alone needs no cluster.",
    );
  }
  requireSound(streams, leftOut, container);
  const isCover = ({ source }: PlannedStream) => source.isAttachedPicture;
  return {
    container,
    streams: [...streams.filter((stream) => !isCover(stream)), ...streams.filter(isCover)],
    leftOut,
    keepChapters: request.metadata.keepChapters && CONTAINERS[container].chapters,
    keepMetadata: request.metadata.keepSource,
    timecode: keptTimecode(info, request),
    picture: planPicture(info.video, request, container),
  };
}

const TRACK_TYPES = { v: "video", a: "audio", s: "subtitle", t: "attachment" } as const;

/** Errors: E_ENCODE_REQUEST for an option that names an output track that will not exist. */
function requireTracks(request: EncodeRequest, streams: readonly SourceStream[]): void {
  const named = [
    ...(request.audioTracks ?? []).map(({ track }) => ({ type: "a", index: track, option: "option" }) as const),
    ...(request.subtitleTracks ?? []).map(({ track }) => ({ type: "s", index: track, option: "-c" }) as const),
    ...request.metadata.tags.flatMap(({ stream }) => (stream === null ? [] : [{ ...stream, option: "-metadata:s" }])),
    ...request.metadata.dispositions.map(({ stream }) => ({ ...stream, option: "-disposition" })),
  ];
  for (const { type, index, option } of named) {
    const name = TRACK_TYPES[type];
    const count = streams.filter((stream) => stream.type === name).length;
    if (index === null || index < count) continue;
    throw new AppError(
      "E_ENCODE_REQUEST",
      `${option}:${type}:${index}: the output has no such ${name} track`,
      count === 0
        ? `The source has no ${name} stream, or -map picks none: leave the option out.`
        : `Its ${name} tracks are ${type}:0 to ${type}:${count - 1}, counted in the order of the output.`,
    );
  }
}

const ORDER: readonly SourceStream["type"][] = ["video", "audio", "subtitle", "attachment", "data", "other"];

/** The encoded video first, then audio, subtitles, cover art and the rest. */
function rank(stream: SourceStream, info: SourceInfo): number {
  if (stream.index === info.video.streamIndex) return -1;
  return stream.type === "video" ? 2.5 : ORDER.indexOf(stream.type);
}

/** "audio stream 2 (mp2, deu)", for messages. */
export function streamName({ type, index, codec, language }: SourceStream): string {
  return `${type} stream ${index} (${language === null ? codec : `${codec}, ${language}`})`;
}

export function proofStream(stream: SourceStream): ProofStream {
  return { index: stream.index, type: stream.type, codec: stream.codec, language: stream.language };
}

export type AudioToEncode = PlannedStream & {
  readonly action: Extract<StreamAction, { readonly kind: "encode-audio" }>;
};

/** In the order of their files. */
export function audioToEncode(plan: StreamPlan): AudioToEncode[] {
  return plan.streams.filter((stream): stream is AudioToEncode => stream.action.kind === "encode-audio");
}

/** The encoded audio files are numbered in the order of the streams. */
function renumbered(streams: readonly PlannedStream[]): PlannedStream[] {
  let file = 0;
  return streams.map((stream) =>
    stream.action.kind === "encode-audio" ? { ...stream, action: { ...stream.action, file: file++ } } : stream,
  );
}

/** The plan with these audio streams of the source encoded by the container's usual encoder instead of copied. */
export function encodedInstead(plan: StreamPlan, indexes: readonly number[]): StreamPlan {
  const { encoder } = CONTAINERS[plan.container].audioDefault;
  const streams = plan.streams.map((stream): PlannedStream => {
    if (!indexes.includes(stream.source.index)) return stream;
    return { ...stream, action: { kind: "encode-audio", encoder, settings: NO_SETTINGS, file: 0 } };
  });
  return { ...plan, streams: renumbered(streams) };
}

/** The plan without the streams that `reasons` names by their source index. */
export function leftOutOf(plan: StreamPlan, reasons: ReadonlyMap<number, string>): StreamPlan {
  const left = plan.streams.flatMap(({ source }): LeftOutStream[] => {
    const reason = reasons.get(source.index);
    return reason === undefined ? [] : [{ source, reason, isAsked: false }];
  });
  if (left.length === 0) return plan;
  const streams = renumbered(plan.streams.filter(({ source }) => !reasons.has(source.index)));
  return { ...plan, streams, leftOut: [...plan.leftOut, ...left] };
}
