// The request that a preset and the options beside it make. An option that is given wins over the preset's; what comes from
// a weaker place than the preset's name (a variable, the config file) does not count.
import type { OptionOrigin } from "../../base/config/resolve-options.ts";
import type { CommandContext } from "../cli/command.ts";
import { type Asked, contradiction, ffmpegParamsOf } from "../submitting/ffmpeg-params.ts";
import { findPreset } from "./find-preset.ts";

const STRENGTH: Readonly<Record<OptionOrigin, number>> = { flag: 3, environment: 2, file: 1, default: 0 };

/** What a request is made of; a command that takes less leaves the rest out. */
export interface PresetAsked extends Partial<Asked> {
  readonly preset: string | null;
}
type Origins = Readonly<Partial<Record<keyof PresetAsked, OptionOrigin>>>;

/** `--preset slow`, as ffmpeg has it. Errors: E_USAGE where the speed is given twice. */
function withSpeed<T extends PresetAsked>(given: T, speed: string): T {
  const params = given["ffmpeg-params"] ?? null;
  const inside = /(?:^|\s)(-(?:preset|speed)(?::v)?\s+\S+)/.exec(params ?? "")?.[1];
  const other = given.speed == null ? inside : `--speed ${given.speed}`;
  if (other !== undefined) throw contradiction(`--preset ${speed}`, other);
  if (given.codec != null) return { ...given, preset: null, speed };
  return { ...given, preset: null, "ffmpeg-params": `-preset ${speed}${params === null ? "" : ` ${params}`}` };
}

/** The same options, with the whole request in `ffmpeg-params`. Errors: E_BAD_OPTION, E_ENCODE_REQUEST that names both sides. */
export async function withPreset<T extends PresetAsked>(
  given: T,
  origins: Origins,
  context: Pick<CommandContext, "cwd" | "stderr">,
): Promise<T> {
  if (given.preset === null) return given;
  const preset = await findPreset(given.preset, context.cwd);
  if (preset === "speed") return withSpeed(given, given.preset);
  if (preset.isInstead) {
    context.stderr.write(`preset ${preset.name}: yours from the config file, in place of the shipped one\n`);
  }
  const counts = (name: keyof PresetAsked) =>
    STRENGTH[origins[name] ?? "default"] >= STRENGTH[origins.preset ?? "default"];
  const own = {
    codec: counts("codec") ? (given.codec ?? null) : null,
    quality: counts("quality") ? (given.quality ?? null) : null,
    crf: counts("crf") ? (given.crf ?? null) : null,
    speed: counts("speed") ? (given.speed ?? null) : null,
    size: counts("size") ? (given.size ?? null) : null,
    audio: counts("audio") ? (given.audio ?? null) : null,
    "ffmpeg-params": counts("ffmpeg-params") ? (given["ffmpeg-params"] ?? null) : null,
  };
  const { requestOver } = await import("../wiring/preset-request.ts");
  const request = requestOver(preset, ffmpegParamsOf(own, true));
  const rest = { preset: null, codec: null, crf: null, quality: null, speed: null, size: null, audio: null };
  return { ...given, ...rest, "ffmpeg-params": request };
}
