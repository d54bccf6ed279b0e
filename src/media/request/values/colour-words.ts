// Colour names that ffmpeg's options accept. Some have two: one for the option and one that ffprobe prints. Pure
// tables.
import type { ColourTags } from "../../model/colour-tags.ts";

const words = (text: string): readonly string[] => text.split(" ");

/** ffmpeg-codecs, "color_primaries" and following. */
export const OPTION_WORDS: Readonly<Record<keyof ColourTags, readonly string[]>> = {
  range: words("tv pc mpeg jpeg limited full unknown"),
  space: words(
    "rgb bt709 unknown fcc bt470bg smpte170m smpte240m ycgco bt2020nc bt2020_ncl bt2020c bt2020_cl smpte2085 ictcp",
  ),
  transfer: words(
    "bt709 unknown gamma22 gamma28 smpte170m smpte240m linear log100 log316 iec61966-2-4 bt1361e iec61966-2-1 " +
      "bt2020-10 bt2020-12 smpte2084 smpte428 arib-std-b67",
  ),
  primaries: words(
    "bt709 unknown bt470m bt470bg smpte170m smpte240m film bt2020 smpte428 smpte431 smpte432 jedec-p22 ebu3213",
  ),
  chromaLocation: words("unknown left center topleft top bottomleft bottom"),
};

/** libavutil/pixdesc.c's name → the name in libavcodec/options_table.h, where they differ. */
const OPTION_NAMES: Readonly<Partial<Record<keyof ColourTags, Readonly<Record<string, string>>>>> = {
  transfer: { bt470m: "gamma22", bt470bg: "gamma28" },
  space: { gbr: "rgb" },
  range: { limited: "tv", full: "pc" },
};

const PROBE_NAMES: Readonly<Partial<Record<keyof ColourTags, Readonly<Record<string, string>>>>> = {
  transfer: { gamma22: "bt470m", gamma28: "bt470bg" },
  space: { rgb: "gbr", bt2020_ncl: "bt2020nc", bt2020_cl: "bt2020c" },
  primaries: { "jedec-p22": "ebu3213" },
  range: { limited: "tv", mpeg: "tv", full: "pc", jpeg: "pc" },
};

/** What ffmpeg's option for `tag` takes, from either name. */
export function optionWord(tag: keyof ColourTags, name: string): string {
  return OPTION_NAMES[tag]?.[name] ?? name;
}

/** What ffprobe prints for `tag`, from either name; null for "unknown". */
export function probeWord(tag: keyof ColourTags, name: string): string | null {
  return name === "unknown" || name === "unspecified" ? null : (PROBE_NAMES[tag]?.[name] ?? name);
}
