// Decides what becomes of every stream of the source: the one video that is encoded in segments, what is copied at the
// stitch, which audio is encoded once, which subtitles are converted, what is left out and why. Pure.
import { AppError } from "../base/errors.ts";
import { type PicturePlan, planPicture } from "./picture-plan.ts";
import { CONTAINERS } from "./request/containers.ts";
import type { EncodeRequest, StreamChoice } from "./request/encode-request.ts";
import { selectStreams } from "./request/stream-choice.ts";
import type { Container, ProofStream, SourceInfo, SourceStream } from "./types.ts";

export type StreamAction =
  | { readonly kind: "encode-video" }
  | { readonly kind: "copy" }
  /** Cover art in Matroska, which ffmpeg cannot copy there: the picture becomes an attached file. */
  | { readonly kind: "attach"; readonly fileName: string; readonly mimeType: string }
  /** `track` counts the streams of the encoded-audio file. */
  | { readonly kind: "encode-audio"; readonly encoder: string; readonly track: number }
  | { readonly kind: "convert-subtitle"; readonly encoder: string };

export interface PlannedStream {
  readonly source: SourceStream;
  readonly action: StreamAction;
}

export interface LeftOutStream {
  readonly source: SourceStream;
  readonly reason: string;
}

export interface StreamPlan {
  readonly container: Container;
  /** In output order, cover art last (no container counts it among its tracks); exactly one is "encode-video". */
  readonly streams: readonly PlannedStream[];
  readonly leftOut: readonly LeftOutStream[];
  readonly keepChapters: boolean;
  readonly keepMetadata: boolean;
  readonly picture: PicturePlan;
}

/** The source's streams that `-map` picks, in its order; null when there is no `-map`. Errors: E_ENCODE_REQUEST. */
function chooseStreams(streams: readonly SourceStream[], maps: readonly StreamChoice[]): SourceStream[] | null {
  const indexes = selectStreams(maps, streams);
  if (indexes === null) return null;
  return indexes.flatMap((index) => streams.filter((stream) => stream.index === index));
}

/** The video stream that the request's maps ask for; undefined: the default one. For `probeSource`. */
export function chosenVideoStream(streams: readonly SourceStream[], maps: readonly StreamChoice[]): number | undefined {
  return chooseStreams(streams, maps)?.find((stream) => stream.type === "video" && !stream.isAttachedPicture)?.index;
}

/** Pictures that MP4 takes as cover art. */
const COVER_ART: ReadonlySet<string> = new Set(["mjpeg", "png"]);
/** matroskadec.c's mkv_image_mime_tags: attachments of these types are cover art again when the file is read. */
const ATTACHED_TYPES: Readonly<Record<string, { readonly mimeType: string; readonly extension: string }>> = {
  gif: { mimeType: "image/gif", extension: "gif" },
  mjpeg: { mimeType: "image/jpeg", extension: "jpg" },
  png: { mimeType: "image/png", extension: "png" },
  tiff: { mimeType: "image/tiff", extension: "tif" },
};
const TEXT_SUBTITLES: ReadonlySet<string> = new Set([
  "subrip",
  "srt",
  "ass",
  "ssa",
  "webvtt",
  "mov_text",
  "text",
  "microdvd",
  "sami",
  "subviewer",
  "stl",
  "ttml",
]);

type Decision = StreamAction | { readonly kind: "leave"; readonly reason: string };

function leave(reason: string): Decision {
  return { kind: "leave", reason };
}

function decideAudio(stream: SourceStream, request: EncodeRequest, container: Container): Decision {
  const rules = CONTAINERS[container];
  const fits = rules.audioCopy.has(stream.codec);
  switch (request.audio.mode) {
    case "none":
      return leave("-an");
    case "copy":
      return fits ? { kind: "copy" } : leave(`${container} cannot hold ${stream.codec}`);
    case "encode":
      return { kind: "encode-audio", encoder: request.audio.codec ?? rules.audioDefault.encoder, track: 0 };
    case "auto":
      if (fits) return { kind: "copy" };
      if (stream.codec === "unknown") return leave("its codec is not known to ffmpeg");
      return { kind: "encode-audio", encoder: rules.audioDefault.encoder, track: 0 };
  }
}

function decideSubtitle(stream: SourceStream, request: EncodeRequest, container: Container): Decision {
  const rules = CONTAINERS[container];
  const isText = TEXT_SUBTITLES.has(stream.codec);
  const request_ = request.subtitles;
  if (request_.mode === "none") return leave("-sn");
  if (request_.mode === "convert") {
    return isText
      ? { kind: "convert-subtitle", encoder: request_.codec }
      : leave(`${stream.codec} is pictures and cannot become text`);
  }
  if (rules.subtitleCopy.has(stream.codec)) return { kind: "copy" };
  if (request_.mode === "copy" || !isText || rules.subtitleConvert === null)
    return leave(`${container} cannot hold ${stream.codec}`);
  return { kind: "convert-subtitle", encoder: rules.subtitleConvert.encoder };
}

/** "cover.jpg" is the name that players look for (Matroska's attachment guidelines). */
function decideCover(stream: SourceStream, container: Container): Decision {
  const type = ATTACHED_TYPES[stream.codec];
  if (container === "mkv" && type !== undefined)
    return { kind: "attach", mimeType: type.mimeType, fileName: stream.fileName ?? `cover.${type.extension}` };
  if (container !== "mkv" && CONTAINERS[container].coverArt && COVER_ART.has(stream.codec)) return { kind: "copy" };
  return leave(`cover art is not kept in ${container}`);
}

function decide(stream: SourceStream, info: SourceInfo, request: EncodeRequest, container: Container): Decision {
  const rules = CONTAINERS[container];
  switch (stream.type) {
    case "video":
      if (stream.index === info.video.streamIndex) return { kind: "encode-video" };
      if (!stream.isAttachedPicture) return leave("one video stream is encoded; -map picks another");
      return decideCover(stream, container);
    case "audio":
      return decideAudio(stream, request, container);
    case "subtitle":
      return decideSubtitle(stream, request, container);
    case "attachment":
      return rules.attachments ? { kind: "copy" } : leave(`${container} holds no attachments`);
    case "data":
    case "other":
      return leave("data streams are not carried over");
  }
}

const ORDER: readonly SourceStream["type"][] = ["video", "audio", "subtitle", "attachment", "data", "other"];

/** Errors: E_ENCODE_REQUEST when `-map` picks nothing that is there or no video. */
export function planStreams(info: SourceInfo, request: EncodeRequest, container: Container): StreamPlan {
  const chosen = chooseStreams(info.streams, request.maps);
  const inOrder = chosen ?? [...info.streams].sort((a, b) => rank(a, info) - rank(b, info) || a.index - b.index);
  const streams: PlannedStream[] = [];
  const leftOut: LeftOutStream[] = info.streams
    .filter((stream) => chosen !== null && !chosen.some((one) => one.index === stream.index))
    .map((source) => ({ source, reason: "not picked by -map" }));
  let track = 0;
  for (const source of inOrder) {
    const decision = decide(source, info, request, container);
    if (decision.kind === "leave") leftOut.push({ source, reason: decision.reason });
    else if (decision.kind === "encode-audio") streams.push({ source, action: { ...decision, track: track++ } });
    else streams.push({ source, action: decision });
  }
  if (!streams.some((stream) => stream.action.kind === "encode-video")) {
    throw new AppError(
      "E_ENCODE_REQUEST",
      "-map picks no video stream",
      "Add -map 0:v:0; sound alone needs no cluster.",
    );
  }
  const isCover = ({ source }: PlannedStream) => source.isAttachedPicture;
  return {
    container,
    streams: [...streams.filter((stream) => !isCover(stream)), ...streams.filter(isCover)],
    leftOut,
    keepChapters: request.metadata.keepChapters && CONTAINERS[container].chapters,
    keepMetadata: request.metadata.keepSource,
    picture: planPicture(info.video, request, container),
  };
}

/** The encoded video first, then audio, subtitles, cover art and the rest. */
function rank(stream: SourceStream, info: SourceInfo): number {
  if (stream.index === info.video.streamIndex) return -1;
  return stream.type === "video" ? 2.5 : ORDER.indexOf(stream.type);
}

export function proofStream(stream: SourceStream): ProofStream {
  return { index: stream.index, type: stream.type, codec: stream.codec, language: stream.language };
}

export function audioToEncode(
  plan: StreamPlan,
): (PlannedStream & { readonly action: { readonly kind: "encode-audio" } })[] {
  return plan.streams.filter(
    (stream): stream is PlannedStream & { action: { kind: "encode-audio"; encoder: string; track: number } } =>
      stream.action.kind === "encode-audio",
  );
}
