// Finds an allowed filter by name, and suggests an alternative for others.
import { closest, refuse } from "../values/refuse.ts";
import { AUDIO_FILTERS } from "./audio-filters.ts";
import { COLOUR_FILTERS } from "./colour-filters.ts";
import { DETAIL_FILTERS } from "./detail-filters.ts";
import type { FilterSpec } from "./filter-spec.ts";
import { GEOMETRY_FILTERS } from "./geometry-filters.ts";
import { BURN_IN } from "./option-values.ts";
import { TIME_FILTERS } from "./time-filters.ts";

export const ALLOWED_FILTERS: ReadonlyMap<string, FilterSpec> = new Map(
  [...GEOMETRY_FILTERS, ...COLOUR_FILTERS, ...DETAIL_FILTERS, ...TIME_FILTERS, ...AUDIO_FILTERS].map((spec) => [
    spec.name,
    spec,
  ]),
);

const CUT = "Cut the source to the part you want before submitting it.";
const JOIN = "Join or compose the sources into one file before submitting it.";
const MEASURE = "Measure the finished file with ffmpeg itself.";
const RETIME = "Leave it out: every frame keeps its time. For a constant rate use -r or fps=.";
const COLOURS = "Use curves, eq, colorbalance, colorchannelmixer, colorspace or tonemap.";

const REFUSED_FILTERS: ReadonlyMap<string, readonly [why: string, instead: string]> = new Map([
  ["movie", ["reads another file", JOIN]],
  ["amovie", ["reads another file", JOIN]],
  ["overlay", ["needs a second input", JOIN]],
  ["concat", ["needs a second input", JOIN]],
  ["hstack", ["needs a second input", JOIN]],
  ["vstack", ["needs a second input", JOIN]],
  ["xstack", ["needs a second input", JOIN]],
  ["blend", ["needs a second input", JOIN]],
  ["split", ["needs a graph of several chains", "Give one chain of filters with -vf."]],
  ["ass", ["reads a file", BURN_IN]],
  ["lut3d", ["reads a file", COLOURS]],
  ["lut1d", ["reads a file", COLOURS]],
  ["haldclut", ["needs a second input", COLOURS]],
  ["frei0r", ["loads a program", "Use one of ffmpeg's own filters."]],
  ["ladspa", ["loads a program", "Use one of ffmpeg's own filters."]],
  ["nnedi", ["reads a file", "Use bwdif, yadif or estdif."]],
  ["removelogo", ["reads a file", "Use delogo."]],
  ["vidstabdetect", ["writes a file", "Use deshake."]],
  ["vidstabtransform", ["reads a file", "Use deshake."]],
  ["sendcmd", ["runs commands on other filters", "Use expressions of t in the filter itself, or enable=."]],
  ["zmq", ["opens a socket", "Use expressions of t in the filter itself, or enable=."]],
  ["metadata", ["writes a file", "Set tags with -metadata."]],
  ["select", ["drops frames", CUT]],
  ["trim", ["drops frames", CUT]],
  ["atrim", ["cuts the sound", CUT]],
  ["setpts", ["changes times", RETIME]],
  ["asetpts", ["changes times", RETIME]],
  ["settb", ["changes times", RETIME]],
  ["reverse", ["needs the whole video in memory", "Reverse the source before submitting it."]],
  ["loop", ["repeats frames", "Loop the source before submitting it."]],
  ["tpad", ["adds frames", "Pad the source before submitting it."]],
  ["atempo", ["changes how long the sound is", "Change the tempo of the source before submitting it."]],
  ["adelay", ["shifts the sound against the picture", "Shift the sound of the source before submitting it."]],
  ["signature", ["writes a file", MEASURE]],
  ["psnr", ["compares with a second input", MEASURE]],
  ["ssim", ["compares with a second input", MEASURE]],
  ["libvmaf", ["compares with a second input", MEASURE]],
]);

/** The spec of an allowed filter; throws E_ENCODE_REQUEST for all others. `option` is the option it was given with. */
export function filterSpec(option: string, name: string, media: "video" | "audio"): FilterSpec {
  const spec = ALLOWED_FILTERS.get(name);
  if (spec?.media === media) return spec;
  const shown = /^[\w@-]{1,40}$/.test(name) ? name : JSON.stringify(name.slice(0, 40));
  if (spec) {
    const right = spec.media === "video" ? "-vf" : "-af";
    throw refuse(option, `${shown} is a filter for ${spec.media}`, `Give it with ${right}.`);
  }
  const known = REFUSED_FILTERS.get(name);
  if (known) throw refuse(option, `the filter ${shown} is not accepted: it ${known[0]}`, known[1]);
  if (!/^[\w@-]+$/.test(name)) {
    throw refuse(
      option,
      `${shown} is not a filter`,
      "Put values that hold commas in quotes: \"scale=w='min(iw,1280)'\".",
    );
  }
  const near = closest(
    name,
    [...ALLOWED_FILTERS.values()].filter((each) => each.media === media).map((each) => each.name),
  );
  throw refuse(
    option,
    `the filter ${shown} is not on the list of filters that can be distributed`,
    near === null ? "Use another filter, or apply it to the source before submitting it." : `Did you mean ${near}?`,
  );
}
