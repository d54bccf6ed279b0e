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

/** x264's presets, those of SVT-AV1 by number, and NVENC's. */
const isEncoders = (name: string) => SPEEDS.some((speed) => speed === name) || /^(\d{1,2}|p[1-7])$/.test(name);

function unknownPreset(name: string, known: readonly KnownPreset[]): AppError {
  const list = "`ffcluster presets list` shows them.";
  if (isEncoders(name)) {
    const encoder = /^\d/.test(name) ? "SVT-AV1" : name.startsWith("p") && name.length === 2 ? "NVENC" : "x264";
    const speed = SPEEDS.some((each) => each === name) ? `, or with --codec --speed ${name}` : "";
    const hint = `${encoder}'s is --ffmpeg-params "-preset ${name}"${speed}. ${list}`;
    return new AppError("E_BAD_OPTION", `--preset names a preset of ffcluster, and none is called ${name}`, hint);
  }
  const nearest = nearestName(
    name,
    known.map((preset) => preset.name),
  );
  const hint = nearest === null ? list : `Did you mean ${nearest}? ${list}`;
  return new AppError("E_BAD_OPTION", `there is no preset ${JSON.stringify(name)}`, hint);
}

/** Errors: E_BAD_OPTION, with the nearest name. */
export async function findPreset(name: string, folder: string): Promise<KnownPreset> {
  const known = await allPresets(folder);
  const found = known.find((preset) => preset.name === name);
  if (found === undefined) throw unknownPreset(name, known);
  return found;
}
