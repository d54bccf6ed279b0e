// `ffcluster ffmpeg update`
import { defineCommand } from "../cli/command.ts";
import { installOptions, runInstall } from "./install-options.ts";

export const ffmpegUpdate = defineCommand({
  path: ["ffmpeg", "update"],
  summary: "Bring the ffmpeg that this version of ffcluster names, of the source that was installed",
  positionals: [],
  options: installOptions,
  examples: ["ffcluster ffmpeg update"],
  printsEvents: false,
  run: ({ options, context }) => runInstall(options, context, true),
});
