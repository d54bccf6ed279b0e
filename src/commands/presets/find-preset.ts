// Finds a preset by its name: the user's own before the shipped one of the same name.
import { nearestName } from "../../base/config/nearest-name.ts";
import { AppError } from "../../base/errors.ts";
import { SPEEDS } from "../submitting/ffmpeg-params.ts";
import { ownPresets } from "./own-presets.ts";
import { type Preset, SHIPPED_PRESETS } from "./shipped-presets.ts";

export interface KnownPreset extends Preset {
  readonly from: "shipped" | "config file";
  /** A shipped one has the same name, and is not used. */
  readonly isInstead: boolean;
}

/** The shipped ones, each replaced by the user's own of that name, then the rest of the user's. Errors: E_BAD_OPTION. */
export async function allPresets(folder: string): Promise<readonly KnownPreset[]> {
  const own = new Map((await ownPresets(folder)).map((preset) => [preset.name, preset]));
  const shipped = SHIPPED_PRESETS.map((preset): KnownPreset => {
    const instead = own.get(preset.name);
    if (instead === undefined) return { ...preset, from: "shipped", isInstead: false };
    own.delete(preset.name);
    return { ...instead, from: "config file", isInstead: true };
  });
  return [
    ...shipped,
    ...[...own.values()].map((each) => ({ ...each, from: "config file", isInstead: false }) as const),
  ];
}

/** As the server shows them. */
export function presetViews(presets: readonly KnownPreset[]) {
  return presets.map(({ name, reason, ffmpegParams, from }) => {
    return { name, reason, ffmpeg_params: ffmpegParams, is_own: from === "config file" };
  });
}

/** Those of SVT-AV1, by number, and NVENC's. */
const isEncoders = (name: string) => /^(\d{1,2}|p[1-7])$/.test(name);

function unknownPreset(name: string, known: readonly KnownPreset[]): AppError {
  const list = "`ffcluster presets list` shows them.";
  if (isEncoders(name)) {
    const encoder = /^\d/.test(name) ? "SVT-AV1" : "NVENC";
    const hint = `${encoder}'s is --ffmpeg-params "-preset ${name}". ${list}`;
    return new AppError("E_BAD_OPTION", `--preset names a preset of ffcluster, and none is called ${name}`, hint);
  }
  const nearest = nearestName(
    name,
    known.map((preset) => preset.name),
  );
  const hint = nearest === null ? list : `Did you mean ${nearest}? ${list}`;
  return new AppError("E_BAD_OPTION", `there is no preset ${JSON.stringify(name)}`, hint);
}

/** "speed": it is one of x264's presets, as in ffmpeg's -preset, and no preset of ours. Errors: E_BAD_OPTION, with the nearest name. */
export async function findPreset(name: string, folder: string): Promise<KnownPreset | "speed"> {
  const known = await allPresets(folder);
  const found = known.find((preset) => preset.name === name);
  if (found !== undefined) return found;
  if (SPEEDS.some((speed) => speed === name)) return "speed";
  throw unknownPreset(name, known);
}

/** For commands that look at a preset of ours. Errors: E_BAD_OPTION. */
export async function requirePreset(name: string, folder: string): Promise<KnownPreset> {
  const found = await findPreset(name, folder);
  if (found !== "speed") return found;
  const hint = `It is a speed of x264: \`submit --preset ${name}\` takes it. \`ffcluster presets list\` shows presets.`;
  throw new AppError("E_BAD_OPTION", `there is no preset ${JSON.stringify(name)}`, hint);
}
