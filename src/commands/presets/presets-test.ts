// `ffcluster presets test`
import { optionalText } from "../../base/config/option.ts";
import { type CommandContext, defineCommand, printDocument } from "../cli/command.ts";
import { jsonOption, presetNameArgument } from "../cli/common-options.ts";
import { formatBytes } from "../output/format.ts";
import { fields } from "../output/table.ts";
import { checkInput } from "../submitting/check-input.ts";
import type { PresetTrial } from "../wiring/try-preset.ts";
import { requirePreset } from "./find-preset.ts";
import { whose } from "./presets-list.ts";

function trialText(name: string, trial: PresetTrial): string {
  const { clip, output, checks } = trial;
  const perMinute = formatBytes((output.bits_per_second / 8) * 60);
  const failed = checks.filter(({ ok }) => !ok).map((check) => `${check.name}: ${check.detail ?? "failed"}`);
  const proof = trial.exact ? `exact, ${checks.length} checks hold` : `not proven: ${failed.join("; ")}`;
  return fields([
    ["preset", name],
    ["ffmpeg", `${trial.ffmpeg}, ${trial.encoder} into ${trial.container}`],
    ["clip", `${clip.width}x${clip.height}, ${clip.seconds.toFixed(1)} s`],
    ["size", `${formatBytes(output.bytes)}, ${perMinute} a minute`],
    ["speed", `${trial.frames_per_second.toFixed(1)} frames a second, ${trial.times_playing.toFixed(2)} times playing`],
    ["proof", `${trial.frames} frames in ${trial.segments} segments, ${proof}`],
  ]);
}

async function clipOf(given: string | null, { cwd }: CommandContext): Promise<string | null> {
  return given === null ? null : await checkInput(given, cwd, "look");
}

export const presetsTest = defineCommand({
  path: ["presets", "test"],
  summary: "Encode a short clip here with a preset: size, speed, proof, or why this machine can't",
  positionals: [presetNameArgument],
  options: {
    clip: optionalText({
      description: "A video whose first 10 seconds are encoded",
      valueName: "FILE",
      defaultText: "4 seconds of made-up pictures and sound",
    }),
    ...jsonOption,
  },
  examples: ["ffcluster presets test av1-small", "ffcluster presets test device-tv --clip holiday.mp4 --json"],
  printsEvents: false,
  async run({ options, positionals, context }) {
    const preset = await requirePreset(positionals[0] ?? "", context.cwd);
    const { checkPreset } = await import("../wiring/preset-request.ts");
    checkPreset(preset);
    const clip = await clipOf(options.clip, context);
    const { tryPreset } = await import("../wiring/try-preset.ts");
    const { env, signal } = context;
    const trial = await tryPreset({ env, ffmpegParams: preset.ffmpegParams, clip, signal });
    if (options.json) printDocument(context, { preset: preset.name, ...trial });
    else context.stdout.write(trialText(`${preset.name}${whose(preset)}`, trial));
    return trial.exact ? 0 : 1;
  },
});
