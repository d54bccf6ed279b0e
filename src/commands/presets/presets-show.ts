// `ffcluster presets show`
import { defineCommand, printDocument } from "../cli/command.ts";
import { jsonOption, presetNameArgument } from "../cli/common-options.ts";
import { lookOf } from "../output/style.ts";
import { fields } from "../output/table.ts";
import { requirePreset } from "./find-preset.ts";
import { presetView, whose } from "./presets-list.ts";

export const presetsShow = defineCommand({
  path: ["presets", "show"],
  summary: "Show a preset: what it is for, and the request that it stands for",
  positionals: [presetNameArgument],
  options: jsonOption,
  examples: ["ffcluster presets show web-1080p-h264", "ffcluster presets show av1-small --json"],
  printsEvents: false,
  async run({ options, positionals, context }) {
    const preset = await requirePreset(positionals[0] ?? "", context.cwd);
    const { checkPreset } = await import("../wiring/preset-request.ts");
    checkPreset(preset);
    if (options.json) printDocument(context, presetView(preset));
    else {
      const pairs = [
        ["preset", `${preset.name}${whose(preset)}`],
        ["reason", preset.reason === "" ? "-" : preset.reason],
        ["request", preset.ffmpegParams],
      ] as const;
      context.stdout.write(fields(pairs, lookOf(context, context.stdout).width));
    }
    return 0;
  },
});
