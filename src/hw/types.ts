// What this machine can encode with, as found out by trial; the shape of `families` in `doctor --json`.
import type { PixelFormats } from "../media/ffmpeg/pixel-formats.ts";
import type { EncoderFamily } from "../media/model/encoder-family.ts";

/** What one encoder of one device takes, by trial. */
export interface EncoderAbility {
  readonly name: string;
  readonly ten_bits: boolean;
  /** The largest picture of those that were tried. */
  readonly width: number;
  readonly height: number;
}

export interface DeviceReport {
  /** A render node or a GPU's index; null: the one that the family picks by itself. */
  readonly id: string | null;
  readonly encoders: readonly EncoderAbility[];
}

export interface FamilyReport {
  /** This ffmpeg was built with at least one encoder of the family. */
  readonly listed: boolean;
  /** At least one of them encoded a few frames here. */
  readonly working: boolean;
  /** The encoders that did, on any device. */
  readonly encoders: readonly string[];
  /** Why it does not work: one sentence that ends in ffmpeg's own words; null when it does. */
  readonly reason: string | null;
  /** Hardware on which at least one works; none for software. */
  readonly devices: readonly DeviceReport[];
}

export interface HardwareReport {
  readonly families: Readonly<Record<EncoderFamily, FamilyReport>>;
  /** What the software encoders take, by ffmpeg's names; of hardware a trial says it. */
  readonly pixelFormats: PixelFormats;
}

/** How one family is tried out: one file per family in detectors/. */
export interface FamilyDetector {
  readonly family: EncoderFamily;
  /** ffmpeg's encoder names, the most widely supported first. */
  readonly encoders: readonly string[];
  /** Devices to try, the first one first; after one that does not work the rest is not tried. */
  devices(): Promise<readonly (string | null)[]>;
  /** Encoder options for the trial: the quickest that still opens the encoder. */
  trialArgs(encoder: string): readonly string[];
  /** True when the trials of several encoders may share one ffmpeg: nothing but the encoder can fail. */
  readonly canShareProcess: boolean;
}

/** One picture size and depth to try an encoder with. */
export interface TrialPicture {
  readonly width: number;
  readonly height: number;
  readonly isDeep: boolean;
}

/** Keeps a report between runs; the key holds all that the report depends on. */
export interface HardwareCache {
  get(key: string): string | null;
  set(key: string, reportJson: string): void;
}
