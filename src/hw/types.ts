// What this machine can encode with, by trial; the shape of `families` in `doctor --json`.
import type { Inventory } from "../media/ffmpeg/builds/inventory.ts";
import type { PixelFormats } from "../media/ffmpeg/builds/pixel-formats.ts";
import type { EncoderFamily } from "../media/model/encoder-family.ts";

/** What one encoder of one device accepts, by trial. */
export interface EncoderAbility {
  readonly name: string;
  readonly ten_bits: boolean;
  /** The largest picture that worked. */
  readonly width: number;
  readonly height: number;
}

export interface DeviceReport {
  /** A render node or a GPU's index; null: the family chooses one itself. */
  readonly id: string | null;
  readonly encoders: readonly EncoderAbility[];
}

export interface FamilyReport {
  /** This ffmpeg was built with at least one encoder of the family. */
  readonly listed: boolean;
  /** At least one of them encoded a few frames here. */
  readonly working: boolean;
  /** The encoders that work, on any device. */
  readonly encoders: readonly string[];
  /** Why it does not work: one sentence that ends with ffmpeg's own message; null: it works. */
  readonly reason: string | null;
  /** Hardware on which at least one works; none for software. */
  readonly devices: readonly DeviceReport[];
}

export interface HardwareReport {
  readonly families: Readonly<Record<EncoderFamily, FamilyReport>>;
  /** What the software encoders accept, by ffmpeg's names; for hardware the trials show it. */
  readonly pixelFormats: PixelFormats;
  /** What this ffmpeg lists, whether it works or not. */
  readonly inventory: Inventory;
}

/** How to try one family; one file per family in detectors/. */
export interface FamilyDetector {
  readonly family: EncoderFamily;
  /** ffmpeg's encoder names, the most widely supported first. */
  readonly encoders: readonly string[];
  /** Devices to try in order; the rest is skipped after one that does not work. */
  devices(): Promise<readonly (string | null)[]>;
  /** Encoder options for the trial: the quickest that still opens the encoder. */
  trialArgs(encoder: string): readonly string[];
  /** Trials of several encoders may share one ffmpeg, because nothing but the encoder can fail. */
  readonly canShareProcess: boolean;
}

/** One picture size and depth to try an encoder with. */
export interface TrialPicture {
  readonly width: number;
  readonly height: number;
  readonly isDeep: boolean;
}

/** Keeps reports between runs; the key contains everything that a report depends on. */
export interface HardwareCache {
  get(key: string): string | null;
  set(key: string, reportJson: string): void;
}
