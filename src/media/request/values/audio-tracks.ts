// Settings of one audio track of the output: those for all tracks, overridden by those for the track. Pure.
import type { AudioRequest, AudioSettings, EncodeRequest } from "../../model/encode-request.ts";

export const NO_SETTINGS: AudioSettings = {
  codec: null,
  bitrate: null,
  quality: null,
  channels: null,
  sampleRate: null,
  profile: null,
  privateOptions: [],
  filters: [],
};

/** `own` where it is set, otherwise `general`. */
export function overSettings(general: AudioSettings, own: AudioSettings): AudioSettings {
  const loudness = own.loudness ?? general.loudness;
  const privateOptions = new Map([...general.privateOptions, ...own.privateOptions]);
  return {
    codec: own.codec ?? general.codec,
    bitrate: own.bitrate ?? general.bitrate,
    quality: own.quality ?? general.quality,
    channels: own.channels ?? general.channels,
    sampleRate: own.sampleRate ?? general.sampleRate,
    profile: own.profile ?? general.profile,
    privateOptions: [...privateOptions],
    filters: own.filters.length > 0 ? own.filters : general.filters,
    ...(loudness === undefined ? {} : { loudness }),
  };
}

/** The settings of the audio track of that number. */
export function audioOfTrack(request: EncodeRequest, track: number): AudioRequest {
  const { audio } = request;
  const own = request.audioTracks?.find((each) => each.track === track);
  if (own === undefined || audio.mode === "none") return audio;
  if (own.codec === "copy") return { mode: "copy" };
  const { track: _, ...settings } = own;
  const general = audio.mode === "encode" ? audio : NO_SETTINGS;
  return { mode: "encode", ...overSettings(general, settings) };
}
