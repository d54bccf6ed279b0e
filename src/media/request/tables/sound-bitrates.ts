// How large encoded sound becomes, as far as that is known before it is encoded.
import type { AudioSettings } from "../../model/encode-request.ts";
import type { SourceStream } from "../../model/source.ts";

interface SoundBitrate {
  /** Bits per second, at most. */
  readonly bitrate: number;
  readonly packetsPerSecond: number;
}

/** Bits per second that an encoder takes where it is told none, by channels (libavcodec 5.1 to 9.0). */
const DEFAULTS: Readonly<Record<string, (channels: number) => number>> = {
  // aacenc.c: 128 kbit/s for a pair, 69 for one channel, less for the low one.
  aac: (channels) => Math.floor(channels / 2) * 128_000 + (channels % 2) * 69_000,
  // libopusenc.c: 64 kbit/s a stream and 32 more for a coupled one.
  libopus: (channels) => (channels <= 2 ? 96_000 : Math.ceil(channels / 2) * 96_000 + 64_000),
  ac3: (channels) => (channels === 1 ? 96_000 : channels === 2 ? 192_000 : 448_000),
  eac3: (channels) => (channels === 1 ? 96_000 : channels === 2 ? 192_000 : 448_000),
  libmp3lame: () => 128_000,
  mp2: () => 384_000,
};

/** By how much a variable rate may go above what is asked for. */
const ABOVE: Readonly<Record<string, number>> = { aac: 1.03, libopus: 1.1, libvorbis: 1.1 };

/** Samples in a packet, at least. */
const PACKET_SAMPLES = 960;

const SAMPLE_BITS = /^pcm_[sf](\d+)/;

/** Null: it follows from the sound itself. */
export function soundBitrate(encoder: string, settings: AudioSettings, source: SourceStream): SoundBitrate | null {
  const channels = settings.channels ?? source.channels ?? 2;
  const rate = settings.sampleRate ?? source.sampleRate ?? 48_000;
  const packetsPerSecond = Math.max(rate, 48_000) / PACKET_SAMPLES;
  const [, bits] = SAMPLE_BITS.exec(encoder) ?? [];
  if (bits !== undefined) return { bitrate: Number(bits) * channels * rate, packetsPerSecond };
  if (settings.quality !== null) return null;
  const bitrate = settings.bitrate ?? DEFAULTS[encoder]?.(channels) ?? null;
  return bitrate === null || encoder === "flac" || encoder === "alac"
    ? null
    : { bitrate: bitrate * (ABOVE[encoder] ?? 1), packetsPerSecond };
}
