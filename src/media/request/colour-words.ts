// ffmpeg has two names for some colours: the one its options take and the one ffprobe prints. Pure tables.
import type { ColourTags } from "../colour-tags.ts";

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
