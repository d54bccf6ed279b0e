// Writes what is asked of one encoded audio track as options of an ffmpeg output that holds that track alone. Pure.
import type { AudioSettings } from "./request/encode-request.ts";
import { renderFilters } from "./request/filters/render-filters.ts";

/** `encoder` is the request's own or the container's default. */
export function audioEncoderArgs(settings: AudioSettings, encoder: string): string[] {
  const args = ["-c:a", encoder];
  const add = (name: string, value: string | number | null): void => {
    if (value !== null) args.push(name, String(value));
  };
  add("-b:a", settings.bitrate);
  add("-q:a", settings.quality);
  add("-ac", settings.channels);
  add("-ar", settings.sampleRate);
  add("-profile:a", settings.profile);
  for (const [key, value] of settings.privateOptions) add(`-${key}`, value);
  if (settings.filters.length > 0) add("-af", renderFilters(settings.filters));
  return args;
}
