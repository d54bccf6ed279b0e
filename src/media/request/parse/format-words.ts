// Writes a request as the options that a user would give: the inverse of parseEncodeWords, for checks and for display.

import type { AudioRequest, AudioSettings, EncodeRequest, OutputStream } from "../../model/encode-request.ts";
import { userArgs } from "../args/video-args.ts";
import { renderFilters } from "../filters/render-filters.ts";
import { CONTAINERS } from "../tables/containers.ts";
import { PARAM_OPTION } from "../tables/encoder-params.ts";
import { findVideoEncoder } from "../tables/encoders.ts";
import { formatStreamChoice } from "./stream-choice.ts";

/** parseEncodeWords(formatEncodeWords(request)) equals `request` for every request that the parser makes. */
export function formatEncodeWords(request: EncodeRequest): readonly string[] {
  const { video, filters, subtitles, maps, container, metadata } = request;
  const { params } = findVideoEncoder("-c:v", video.encoder);
  const words = ["-c:v", video.encoder, ...userArgs(request)];
  if (params !== null && video.encoderParams.length > 0) {
    words.push(`-${PARAM_OPTION[params]}`, video.encoderParams.map(([key, value]) => `${key}=${value}`).join(":"));
  }
  if (video.outputBytes !== undefined) words.push("-size", String(video.outputBytes));
  if (filters.length > 0) words.push("-vf", renderFilters(filters));
  if (video.size !== null) words.push("-s", `${video.size.width}x${video.size.height}`);
  if (video.frameRate !== null) words.push("-r", video.frameRate);
  words.push(...audioWords(request.audio));
  for (const track of request.audioTracks ?? []) words.push(...settingWords(track, `a:${track.track}`));
  if (subtitles.mode === "none") words.push("-sn");
  else if (subtitles.mode === "copy") words.push("-c:s", "copy");
  else if (subtitles.mode === "convert") words.push("-c:s", subtitles.codec);
  for (const { track, codec } of request.subtitleTracks ?? []) words.push(`-c:s:${track}`, codec);
  for (const choice of maps) words.push("-map", formatStreamChoice(choice));
  if (container.format !== null) words.push("-f", CONTAINERS[container.format].muxer);
  if (container.movflags.length > 0) words.push("-movflags", `+${container.movflags.join("+")}`);
  if (!metadata.keepSource) words.push("-map_metadata", "-1");
  if (!metadata.keepChapters) words.push("-map_chapters", "-1");
  for (const { stream, key, value } of metadata.tags) {
    words.push(stream === null ? "-metadata" : `-metadata:s:${formatStream(stream)}`, `${key}=${value}`);
  }
  for (const { stream, flags } of metadata.dispositions) words.push(`-disposition:${formatStream(stream)}`, flags);
  return words;
}

function formatStream(stream: OutputStream): string {
  return stream.index === null ? stream.type : `${stream.type}:${stream.index}`;
}

function audioWords(audio: AudioRequest): readonly string[] {
  if (audio.mode === "auto") return [];
  if (audio.mode === "none") return ["-an"];
  if (audio.mode === "copy") return ["-c:a", "copy"];
  return settingWords(audio, "a");
}

function settingWords(audio: AudioSettings, streams: string): readonly string[] {
  const words: string[] = [];
  const add = (name: string, value: string | number | null): void => {
    if (value !== null) words.push(`-${name}:${streams}`, String(value));
  };
  add("c", audio.codec);
  add("b", audio.bitrate);
  add("q", audio.quality);
  add("ac", audio.channels);
  add("ar", audio.sampleRate);
  add("profile", audio.profile);
  for (const [key, value] of audio.privateOptions) add(key, value);
  add("loudness", audio.loudness ?? null);
  if (audio.filters.length > 0) add("filter", renderFilters(audio.filters));
  return words;
}
