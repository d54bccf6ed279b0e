// What this machine can encode with, as found out by trial; the shape of `families` in `doctor --json`.
import type { EncoderFamily } from "../media/types.ts";

export interface FamilyReport {
  /** This ffmpeg was built with at least one encoder of the family. */
  readonly listed: boolean;
  /** At least one of them encoded a few frames here. */
  readonly working: boolean;
  /** The encoders that did. */
  readonly encoders: readonly string[];
  /** Why it does not work, in ffmpeg's own words; null when it does. */
  readonly reason: string | null;
}

export interface HardwareReport {
  readonly families: Readonly<Record<EncoderFamily, FamilyReport>>;
}

/** How one family is tried out: one file per family in detectors/. */
export interface FamilyDetector {
  readonly family: EncoderFamily;
  /** ffmpeg's encoder names, the most widely supported first. */
  readonly encoders: readonly string[];
  /** Options before the input: devices. */
  readonly inputArgs: readonly string[];
  /** Filters and encoder options for the trial, after the input: the quickest that still opens the encoder. */
  trialArgs(encoder: string): readonly string[];
  /** True when the trials of several encoders may share one ffmpeg: nothing but the encoder can fail. */
  readonly canShareProcess: boolean;
  /** Words that say the device itself is missing, so that the family's other encoders need no trial. */
  readonly deviceMissing: RegExp | null;
}

/** Keeps a report between runs; the key holds all that the report depends on. */
export interface HardwareCache {
  get(key: string): string | null;
  set(key: string, reportJson: string): void;
}
