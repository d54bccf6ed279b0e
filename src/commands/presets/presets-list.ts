// `ffcluster presets list`
import { defineCommand, printDocument } from "../cli/command.ts";
import { jsonOption } from "../cli/common-options.ts";
import { hanging } from "../output/wrap.ts";
import { allPresets, type KnownPreset } from "./find-preset.ts";

/** As JSON shows it, too. */
export function presetView({ name, from, isInstead, reason, ffmpegParams }: KnownPreset) {
  return { name, from, instead_of_shipped: isInstead, reason, ffmpeg_params: ffmpegParams };
}

export function whose({ from, isInstead }: KnownPreset): string {
  if (from === "shipped") return "";
  return isInstead ? " (yours, in place of the shipped one)" : " (yours)";
}

export const presetsList = defineCommand({
  path: ["presets", "list"],
  summary: "List the presets, shipped and yours, each with what it is for",
  positionals: [],
  options: jsonOption,
  examples: ["ffcluster presets list", "ffcluster presets list --json"],
  printsEvents: false,
  async run({ options, context }) {
    const presets = await allPresets(context.cwd);
    if (options.json) {
      printDocument(context, presets.map(presetView));
      return 0;
    }
    const pairs = presets.map((preset) => {
      const about = preset.reason === "" ? preset.ffmpegParams : preset.reason;
      return [preset.name, `${about}${whose(preset)}`] as const;
    });
    context.stdout.write(hanging(pairs, context.stdout.columns));
    return 0;
  },
});
