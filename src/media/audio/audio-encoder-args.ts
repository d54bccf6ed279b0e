// The options of one encoded audio track, as ffmpeg options for an output that holds this track alone. Pure.

import { audioFilters, type FilterText, writeFilter } from "../ffmpeg/filter-graph.ts";
import type { AudioSettings } from "../model/encode-request.ts";
import type { SourceStream } from "../model/source.ts";
import { opusName } from "../plan/audio-layouts.ts";
import { renderFilters } from "../request/filters/render-filters.ts";

/**
 * Delay of these encoders in samples that they do not flush at the end: with a full last frame this sound would be
 * lost. Other encoders pad their last frame or have no delay (measured: 5.1 to 9.0, four lengths of each).
 */
const LOST_AT_THE_END: Readonly<Record<string, number>> = { ac3: 256, eac3: 256, mp2: 481 };

/**
 * Appends silence for the encoder to lose instead. Where the sample rate is lowered after the filters, more samples are
 * needed before it.
 */
function padding({ sampleRate }: AudioSettings, encoder: string, source: SourceStream): FilterText[] {
  const lost = LOST_AT_THE_END[encoder];
  if (lost === undefined) return [];
  const ratio = sampleRate === null || source.sampleRate === null ? 1 : source.sampleRate / sampleRate;
  return [writeFilter("apad", [["pad_len", Math.ceil(lost * Math.max(1, ratio))]])];
}

/**
 * `aformat` makes the same samples of side channels as a filter that renames them (measured: 5.1 to 9.0, three sample
 * formats), and goes on where the sound changes its layout.
 */
function renaming(settings: AudioSettings, encoder: string, source: SourceStream): FilterText[] {
  const layout = opusName(settings, encoder, source);
  return layout === null ? [] : [writeFilter("aformat", [["channel_layouts", layout]])];
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
  const filters = [...renaming(settings, encoder, source), ...asked, ...padding(settings, encoder, source)];
  return [...args, ...audioFilters(filters)];
}
