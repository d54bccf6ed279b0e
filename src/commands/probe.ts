// `ffcluster probe`: shows what ffcluster sees in a file and would do with it, without a server.
import { basename } from "node:path";
import { optionalText } from "../base/config/option.ts";
import { type CommandContext, defineCommand, printDocument } from "./cli/command.ts";
import { jsonOption, presetOption, requestOptions } from "./cli/common-options.ts";
import { probeText } from "./output/probe-text.ts";
import { lookOf } from "./output/style.ts";
import { withPreset } from "./presets/with-preset.ts";
import { checkInput } from "./submitting/check-input.ts";
import { ffmpegParamsOf } from "./submitting/ffmpeg-params.ts";
import { DEFAULT_BENCHMARK_SECONDS, DEFAULT_FFMPEG_PARAMS } from "./submitting/request-defaults.ts";

async function cropFor(path: string, request: string, { env, signal }: CommandContext) {
  const { cropWords, findCrop } = await import("./wiring/find-crop.ts");
  const found = await findCrop({ env, path, request, signal });
  return { ...found, words: cropWords(found.finding) };
}

export const probe = defineCommand({
  path: ["probe"],
  summary: "Show what ffcluster sees in a file: streams, frame rate, key frames, and how it would be split",
  positionals: [{ name: "FILE", description: "the video file" }],
  options: {
    output: optionalText({
      description: "Name of the output; its extension chooses the container (mp4, mov, mkv, webm, ts)",
      alias: "o",
      valueName: "NAME",
      defaultText: "<input stem>.ffcluster.mp4",
    }),
    "ffmpeg-params": optionalText({
      description: "Encode request to check",
      valueName: "REQUEST",
      defaultText: DEFAULT_FFMPEG_PARAMS,
    }),
    ...presetOption,
    ...requestOptions,
    ...jsonOption,
  },
  examples: [
    "ffcluster probe input.mp4",
    "ffcluster probe input.mp4 --preset device-tv",
    'ffcluster probe input.mkv -o out.mp4 --ffmpeg-params "-c:v libx265" --json',
  ],
  printsEvents: false,
  async run({ options: asked, origins, positionals, context }) {
    const options = await withPreset(asked, origins, context);
    const path = await checkInput(positionals[0] ?? "", context.cwd, "look");
    const params = ffmpegParamsOf({ codec: null, quality: null, speed: null, ...options });
    const cropped = options.crop === null ? null : await cropFor(path, params ?? DEFAULT_FFMPEG_PARAMS, context);
    const { runProbe } = await import("./wiring/run-probe.ts");
    const seen = await runProbe({
      env: context.env,
      path,
      inputName: basename(path),
      ffmpegParams: cropped?.request ?? params,
      outputName: options.output === null ? null : basename(options.output),
      defaults: { ffmpegParams: DEFAULT_FFMPEG_PARAMS, fileNameOutput: null },
      benchmarkSeconds: DEFAULT_BENCHMARK_SECONDS,
      signal: context.signal,
    });
    if (cropped !== null && !options.json) context.stdout.write(`${cropped.words}\n`);
    if (options.json) printDocument(context, cropped === null ? seen : { ...seen, crop: cropped.finding });
    else context.stdout.write(probeText(seen, lookOf(context, context.stdout)));
    return 0;
  },
});
