// Options that make a segment independent, for every encoder: it begins with an IDR picture, its groups are closed, and
// parameter sets repeat with every key frame. A bitstream filter also repeats H.264 and HEVC parameter sets
// (segment-args.ts). Pure.
import type { NamedOption, VideoRequest } from "../../model/encode-request.ts";
import type { VideoEncoder } from "../tables/encoders.ts";

const IS_IDR: ReadonlySet<string> = new Set(["h264", "hevc"]);

/**
 * Options by their ffmpeg names, in order. Sources: `ffmpeg -h encoder=…` for nvenc, qsv and vaapi; amfenc_*.c; the
 * note to videotoolboxenc.c that AllowOpenGOP is off where the cgop flag is set. In Quick Sync's and VA-API's H.264 and
 * HEVC an idr_interval of 0 makes every I-frame an IDR frame.
 */
function wanted({ family, codec }: VideoEncoder): readonly NamedOption[] {
  switch (family) {
    case "nvenc":
      return [["forced-idr", "1"]];
    case "qsv":
      return [["forced_idr", "1"], ...(IS_IDR.has(codec) ? [["idr_interval", "0"] as const] : []), ["flags", "+cgop"]];
    case "vaapi":
      return [["idr_interval", "0"]];
    case "amf":
      if (codec === "hevc") {
        return [
          ["header_insertion_mode", "idr"],
          ["gops_per_idr", "1"],
        ];
      }
      return codec === "av1" ? [["header_insertion_mode", "frame"]] : [];
    case "videotoolbox":
      return [["flags", "+cgop"]];
    case "software":
      return [];
  }
}

/**
 * Merges our options into the user's: the user's stay. Of two -flags ffmpeg only reads the last, so they are joined.
 */
export function withClosedGop(encoder: VideoEncoder, video: VideoRequest): readonly NamedOption[] {
  const given = new Set(video.privateOptions.map(([key]) => key));
  const added = wanted(encoder).filter(([key]) => key === "flags" || !given.has(key));
  const all = [...video.privateOptions, ...added];
  const flags = all
    .filter(([key]) => key === "flags")
    .map(([, value]) => (/^[+-]/.test(value) ? value : `+${value}`))
    .join("");
  return [...all.filter(([key]) => key !== "flags"), ...(flags === "" ? [] : [["flags", flags] as const])];
}
