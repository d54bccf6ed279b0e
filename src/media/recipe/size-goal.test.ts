// How a size becomes a bit rate, and what is refused.
import { describe, expect, test } from "bun:test";
import { AppError } from "../../base/errors.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { soundBitrate } from "../request/tables/sound-bitrates.ts";
import { NO_SETTINGS } from "../request/values/audio-tracks.ts";
import { EVERY_KIND } from "../verify/every-kind.fixture.ts";
import { bitrateForSize, requireRateKept, type SizeQuestion } from "./size-goal.ts";

const film: SizeQuestion = {
  bytes: 700e6,
  seconds: 7200,
  frames: 172_800,
  container: "mkv",
  beside: { bytes: 115e6, packets: 340_000 },
  leastBitrate: 200_000,
};

function refusal(act: () => unknown): AppError {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
  throw new Error("not refused");
}

describe("the bit rate for a size", () => {
  test("fills the file to within three percent, and never more, whatever a kept rate misses by", () => {
    const bitrate = bitrateForSize(film);
    const total = (error: number) => (bitrate * (1 + error) * film.seconds) / 8 + film.beside.bytes;
    expect(total(0.02)).toBeLessThan(film.bytes);
    expect(total(0)).toBeGreaterThan(film.bytes * 0.97);
  });

  test("what would be absurd is refused with the least size, which is then taken", () => {
    const error = refusal(() => bitrateForSize({ ...film, bytes: 130e6 }));
    expect(error.code).toBe("E_ENCODE_REQUEST");
    const [, least = ""] = /-size ([\d.]+)M/.exec(error.hint) ?? [];
    expect(bitrateForSize({ ...film, bytes: Number(least) * 1e6 })).toBeGreaterThanOrEqual(film.leastBitrate);
    expect(refusal(() => bitrateForSize({ ...film, bytes: Number(least) * 1e6 - 2e5 })).message).toContain(
      "kbit/s would",
    );
  });
});

test("sizes as text: M is a million, Mi is not; and what excludes a size", () => {
  const bytesOf = (size: string) => parseEncodeParams(`-size ${size}`).video.outputBytes;
  expect(["700M", "700Mi", "4.5G", "1234"].map(bytesOf)).toEqual([700e6, 700 * 2 ** 20, 4.5e9, 1234]);
  for (const other of ["-b:v 2M", "-crf 20"]) {
    expect(refusal(() => parseEncodeParams(`-size 700M ${other}`)).message).toContain("it excludes");
  }
  expect(refusal(() => parseEncodeParams("-size 1280x720")).hint).toContain("-s or -vf scale");
});

test("an encoder that keeps no rate is refused", () => {
  requireRateKept(parseEncodeParams("-c:v libx264 -b:v 1M"));
  expect(refusal(() => requireRateKept(parseEncodeParams("-c:v prores_ks"))).message).toContain("prores_ks");
});

test("encoded sound: its rate and what it may add, samples exactly, and nothing where it follows from the sound", () => {
  const source = { ...EVERY_KIND.streams[0], channels: 2, sampleRate: 48_000 } as (typeof EVERY_KIND.streams)[number];
  const of = (encoder: string, settings = {}) =>
    soundBitrate(encoder, { ...NO_SETTINGS, ...settings }, source)?.bitrate;
  expect(of("ac3", { bitrate: 448_000 })).toBe(448_000);
  expect(of("aac", { bitrate: 100_000 })).toBe(103_000);
  expect(of("pcm_s24le")).toBe(24 * 2 * 48_000);
  expect([of("flac"), of("libvorbis"), of("libmp3lame", { quality: 2 })]).toEqual([undefined, undefined, undefined]);
});
