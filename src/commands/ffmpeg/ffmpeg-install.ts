// `ffcluster ffmpeg install`
import { defineCommand } from "../cli/command.ts";
import { installOptions, runInstall } from "./install-options.ts";

export const ffmpegInstall = defineCommand({
  path: ["ffmpeg", "install"],
  summary: "Bring an ffmpeg for this user: downloaded, its digest checked, tried, and used from then on",
  positionals: [],
  options: installOptions,
  examples: ["ffcluster ffmpeg install", "ffcluster ffmpeg install --mirror http://nas.local/ffmpeg"],
  printsEvents: false,
  run: ({ options, context }) => runInstall(options, context, false),
});
