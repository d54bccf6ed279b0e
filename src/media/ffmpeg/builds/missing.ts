// Libraries that people expect and a build of ffmpeg lacks, and the consequences. Pure.
import type { Inventory } from "./inventory.ts";

export interface Missing {
  /** The library's usual name. */
  readonly name: string;
  /** A sentence for people. */
  readonly means: string;
}

interface Row extends Missing {
  /** Any one of these names is enough. */
  readonly names: readonly string[];
  readonly kind: keyof Inventory;
}

const ROWS: readonly Row[] = [
  { kind: "encoders", names: ["libx264"], name: "libx264", means: "no encoding to H.264 on the CPU" },
  { kind: "encoders", names: ["libx265"], name: "libx265", means: "no encoding to HEVC on the CPU" },
  { kind: "encoders", names: ["libsvtav1"], name: "libsvtav1", means: "no fast encoding to AV1 on the CPU" },
  { kind: "encoders", names: ["libaom-av1"], name: "libaom", means: "no encoding to AV1 with libaom-av1" },
  { kind: "encoders", names: ["libvpx-vp9"], name: "libvpx", means: "no encoding to VP9, nor to VP8" },
  { kind: "encoders", names: ["libopus", "opus"], name: "libopus", means: "no sound in Opus, which WebM takes" },
  { kind: "encoders", names: ["libmp3lame"], name: "libmp3lame", means: "no sound in MP3" },
  {
    kind: "decodes",
    names: ["av1"],
    name: "libdav1d",
    means: "AV1 cannot be read: such sources and outputs are refused here",
  },
  { kind: "filters", names: ["subtitles"], name: "libass", means: "burning in subtitles is not possible here" },
  { kind: "filters", names: ["drawtext"], name: "libfreetype", means: "drawing text (drawtext) is not possible here" },
  { kind: "filters", names: ["zscale"], name: "libzimg", means: "no filter zscale, which HDR is converted with" },
];

export function missingOf(inventory: Inventory): Missing[] {
  return ROWS.filter(({ kind, names }) => !names.some((name) => inventory[kind].has(name))).map(({ name, means }) => ({
    name,
    means,
  }));
}
