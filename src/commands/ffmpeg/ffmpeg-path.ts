// `ffcluster ffmpeg path`
import { defineCommand, printDocument } from "../cli/command.ts";
import { jsonOption } from "../cli/common-options.ts";

const REASONS = {
  FFCLUSTER_FFMPEG_DIR: "FFCLUSTER_FFMPEG_DIR names its folder",
  tools: "it is in tools/ next to the executable",
  installed: "`ffcluster ffmpeg install` brought it",
  PATH: "it is the first in PATH, and no other is installed",
} as const;

export const ffmpegPath = defineCommand({
  path: ["ffmpeg", "path"],
  summary: "Show which ffmpeg is used, and why",
  positionals: [],
  options: jsonOption,
  examples: ["ffcluster ffmpeg path", "ffcluster ffmpeg path --json"],
  printsEvents: false,
  async run({ options, context }) {
    const { ffmpegInUse } = await import("../wiring/ffmpeg-builds.ts");
    const place = await ffmpegInUse(context.env);
    if (options.json) {
      printDocument(context, { ...place, reason: REASONS[place.found_by] });
      return 0;
    }
    context.stdout.write(`${place.ffmpeg}\n`);
    context.stderr.write(`ffmpeg ${place.version}: ${REASONS[place.found_by]}\n`);
    return 0;
  },
});
