// What happens to one stream of the source in a container, as far as it depends on the request alone: encoded, copied,
// converted, attached, or left out with a reason. Pure.
import { AppError } from "../../base/errors.ts";
import type { AudioSettings, EncodeRequest } from "../model/encode-request.ts";
import type { Container, SourceInfo, SourceStream } from "../model/source.ts";
import { CONTAINERS } from "../request/tables/containers.ts";
import { audioOfTrack, NO_SETTINGS } from "../request/values/audio-tracks.ts";
import { requireLayout } from "./audio-layouts.ts";
import { keptTimecode } from "./timecode.ts";

export type StreamAction =
  | { readonly kind: "encode-video" }
  | { readonly kind: "copy" }
  /** Cover art in Matroska, which ffmpeg cannot copy there: the picture becomes an attached file. */
  | { readonly kind: "attach"; readonly fileName: string; readonly mimeType: string }
  /** `file` counts the files of encoded audio, one for each such track. */
  | {
      readonly kind: "encode-audio";
      readonly encoder: string;
      readonly settings: AudioSettings;
      readonly file: number;
    }
  | { readonly kind: "convert-subtitle"; readonly encoder: string };

/** Pictures that MP4 takes as cover art. */
const COVER_ART: ReadonlySet<string> = new Set(["mjpeg", "png"]);
/** matroskadec.c's mkv_image_mime_tags: attachments of these types are cover art again when the file is read. */
const ATTACHED_TYPES: Readonly<Record<string, { readonly mimeType: string; readonly extension: string }>> = {
  gif: { mimeType: "image/gif", extension: "gif" },
  mjpeg: { mimeType: "image/jpeg", extension: "jpg" },
  png: { mimeType: "image/png", extension: "png" },
  tiff: { mimeType: "image/tiff", extension: "tif" },
};
export const TEXT_SUBTITLES: ReadonlySet<string> = new Set([
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

/** `isAsked`: the request names it explicitly. */
export type Decision = StreamAction | { readonly kind: "leave"; readonly reason: string; readonly isAsked: boolean };

function leave(reason: string): Decision {
  return { kind: "leave", reason, isAsked: false };
}

function leaveAsked(option: string): Decision {
  return { kind: "leave", reason: option, isAsked: true };
}

/** Errors: E_ENCODE_REQUEST for speakers that the encoder cannot name. */
function encodeWith(
  stream: SourceStream,
  encoder: string,
  settings: AudioSettings,
  container: Container,
): StreamAction {
  requireLayout(settings, encoder, stream, container === "webm");
  return { kind: "encode-audio", encoder, settings, file: 0 };
}

function encryptedSound({ index }: SourceStream): AppError {
  return new AppError(
    "E_SOURCE_REFUSED",
    `the sound of stream ${index} is encrypted`,
    "ffcluster has no keys: leave sound out with -an, or this track with -map (-map 0:v -map 0:a:1).",
  );
}

/** `track` counts the audio streams of the output, including those that turn out to fit nowhere. */
function decideAudio(stream: SourceStream, request: EncodeRequest, container: Container, track: number): Decision {
  const rules = CONTAINERS[container];
  const fits = rules.audioCopy.has(stream.codec);
  const asked = audioOfTrack(request, track);
  if (stream.isEncrypted === true && asked.mode !== "none") throw encryptedSound(stream);
  switch (asked.mode) {
    case "none":
      return leaveAsked("-an");
    case "copy":
      return fits ? { kind: "copy" } : leave(`${container} cannot hold ${stream.codec}`);
    case "encode":
      if (stream.codec === "unknown") return leave("its codec is not known to ffmpeg");
      return encodeWith(stream, asked.codec ?? rules.audioDefault.encoder, asked, container);
    case "auto":
      if (fits) return { kind: "copy" };
      if (stream.codec === "unknown") return leave("its codec is not known to ffmpeg");
      return encodeWith(stream, rules.audioDefault.encoder, NO_SETTINGS, container);
  }
}

function decideSubtitle(stream: SourceStream, request: EncodeRequest, container: Container, track: number): Decision {
  const rules = CONTAINERS[container];
  const isText = TEXT_SUBTITLES.has(stream.codec);
  const own = request.subtitleTracks?.find((each) => each.track === track)?.codec;
  const general = request.subtitles;
  if (general.mode === "none") return leaveAsked("-sn");
  const encoder = own ?? (general.mode === "convert" ? general.codec : "copy");
  if (encoder !== "copy") {
    return isText ? { kind: "convert-subtitle", encoder } : leave(`${stream.codec} is pictures and cannot become text`);
  }
  if (rules.subtitleCopy.has(stream.codec)) return { kind: "copy" };
  const mustCopy = own === "copy" || general.mode === "copy";
  if (mustCopy || !isText || rules.subtitleConvert === null) return leave(`${container} cannot hold ${stream.codec}`);
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

/** Names the encoded stream and how to pick this one. */
function whyNotThis(stream: SourceStream, { video, streams }: SourceInfo): string {
  if (stream.isEncrypted === true) return "it is encrypted";
  if (stream.isWithoutPictures === true) return "it has no pictures";
  const number = streams.filter(({ type, index }) => type === "video" && index < stream.index).length;
  const { streamIndex, width, height } = video;
  return `one video stream is encoded, stream ${streamIndex} (${width}x${height}); -map 0:v:${number} picks this one`;
}

/** Two kinds of data streams are kept in another form: timecodes, and chapter titles, a text track in MP4 and MOV. */
function dataReason(stream: SourceStream, info: SourceInfo, request: EncodeRequest, container: Container): string {
  const general = "data streams are not carried over";
  if (stream.timecode !== undefined && stream.timecode === keptTimecode(info, request)) {
    return `${general}; its timecode ${stream.timecode} goes with the picture`;
  }
  const isChapters = stream.codec === "bin_data" && info.chapterCount > 0 && info.formatName.startsWith("mov,");
  const keepsChapters = request.metadata.keepChapters && CONTAINERS[container].chapters;
  return isChapters && keepsChapters ? `${general}; the chapters that it names are kept` : general;
}

/** `track` counts the streams of its type in the output. Errors: E_ENCODE_REQUEST. */
export function decideStream(
  stream: SourceStream,
  info: SourceInfo,
  request: EncodeRequest,
  container: Container,
  track: number,
): Decision {
  const rules = CONTAINERS[container];
  switch (stream.type) {
    case "video":
      if (stream.index === info.video.streamIndex) return { kind: "encode-video" };
      if (!stream.isAttachedPicture) return leave(whyNotThis(stream, info));
      return decideCover(stream, container);
    case "audio":
      return decideAudio(stream, request, container, track);
    case "subtitle":
      return decideSubtitle(stream, request, container, track);
    case "attachment":
      return rules.attachments ? { kind: "copy" } : leave(`${container} holds no attachments`);
    case "data":
    case "other":
      return leave(dataReason(stream, info, request, container));
  }
}
