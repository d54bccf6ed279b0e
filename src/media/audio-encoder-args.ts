// Writes the audio part of a request as ffmpeg arguments. Pure.
import type { EncodeRequest } from "./request/encode-request.ts";
import { renderFilters } from "./request/filters/render-filters.ts";

/** `encoder` is the request's own or the container's default; the other options hold for every encoded track. */
export function audioEncoderArgs({ audio }: EncodeRequest, encoder: string): string[] {
  const args = ["-c:a", encoder];
  if (audio.mode !== "encode") return args;
  const add = (name: string, value: string | number | null): void => {
    if (value !== null) args.push(name, String(value));
  };
  add("-b:a", audio.bitrate);
  add("-q:a", audio.quality);
  add("-ac", audio.channels);
  add("-ar", audio.sampleRate);
  add("-profile:a", audio.profile);
  for (const [key, value] of audio.privateOptions) add(`-${key}`, value);
  if (audio.filters.length > 0) add("-af", renderFilters(audio.filters));
  return args;
}
