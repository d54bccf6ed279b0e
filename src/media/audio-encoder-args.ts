// Writes what is asked of one encoded audio track as options of an ffmpeg output that holds that track alone. Pure.
import { opusName } from "./audio-layouts.ts";
import type { AudioSettings } from "./request/encode-request.ts";
import { renderFilters } from "./request/filters/render-filters.ts";
import type { SourceStream } from "./types.ts";

function renaming(settings: AudioSettings, encoder: string, source: SourceStream): string[] {
  const layout = opusName(settings, encoder, source);
  return layout === null ? [] : [`channelmap=channel_layout=${layout}`];
}

/** `encoder` is the request's own or the container's default. */
export function audioEncoderArgs(settings: AudioSettings, encoder: string, source: SourceStream): string[] {
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
  const asked = settings.filters.length === 0 ? [] : [renderFilters(settings.filters)];
  const filters = [...renaming(settings, encoder, source), ...asked];
  if (filters.length > 0) add("-af", filters.join(","));
  return args;
}
