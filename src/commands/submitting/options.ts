// The options of `ffcluster submit`.
import { FAMILY_CHOICES } from "../../api/contract.ts";
import {
  BadValue,
  type OptionValues,
  optionalChoice,
  optionalInteger,
  optionalText,
  parsedOption,
  parseSeconds,
  switchOption,
} from "../../base/config/option.ts";
import { ENCODER_FAMILIES } from "../../media/model/encoder-family.ts";
import { jsonOption, presetOption, requestOptions, sandboxOption, serverOptions } from "../cli/common-options.ts";
import { restOptions } from "../joining/rest-options.ts";
import { libraryOptions } from "../library/options.ts";
import { tellingOptions } from "../telling/options.ts";
import { jobWebhookOptions } from "../webhooks/options.ts";
import { CODEC_WORDS, SPEEDS } from "./ffmpeg-params.ts";

function parseWait(text: string): number | "ever" {
  if (text.toLowerCase() === "ever") return "ever";
  try {
    return parseSeconds(text, { min: 0, max: 31_536_000 });
  } catch (thrown) {
    throw thrown instanceof BadValue ? new BadValue(`${thrown.message}; or ever`) : thrown;
  }
}

/** Errors: BadValue for an encoder, which is another thing to ask for. */
function requireNoEncoder(text: string): void {
  if (!/^(lib|x26[45]$|svt)|_/i.test(text)) return;
  const name = text.toLowerCase().replace(/^x26/, "libx26");
  throw new BadValue(`expected a codec; an encoder goes in --ffmpeg-params "-c:v ${name}"`);
}

const codec = optionalChoice({
  description:
    "Encode to h264, hevc, av1 or vp9 with the encoder that suits the cluster best; see --quality and --speed",
  valueName: "CODEC",
  choices: ["h264", "hevc", "av1", "vp9"],
  otherWords: CODEC_WORDS,
});

export const submitOptions = {
  output: optionalText({
    description:
      "Where to save the output, a file, a folder or an s3:// address; the extension chooses the container (mp4, mov, mkv, webm, ts)",
    alias: "o",
    valueName: "FILE",
    defaultText: "the server's --file-name-output in the current folder",
  }),
  force: switchOption({ description: "Overwrite an existing output" }),
  "ffmpeg-params": optionalText({
    description: 'Encode request as ffmpeg options, e.g. "-c:v libx265 -crf 24 -c:a aac -b:a 128k"',
    valueName: "REQUEST",
    defaultText: "the server's",
  }),
  ...presetOption,
  ...requestOptions,
  subtitles: optionalText({
    description:
      "Text subtitles to draw into the picture (.srt, .ass, .vtt); for the source's own use -vf subtitles=si=0",
    valueName: "FILE",
  }),
  codec: {
    ...codec,
    parse: (texts: readonly string[]) => {
      requireNoEncoder(texts.at(-1) ?? "");
      return codec.parse(texts);
    },
  },
  quality: optionalInteger({
    description: "With --codec: 0 to 100; about 63 is x264's CRF 23, 80 its 17",
    valueName: "N",
    min: 0,
    max: 100,
  }),
  speed: optionalChoice({
    description: "With --codec: one of x264's presets, ultrafast to placebo",
    valueName: "SPEED",
    defaultText: "medium",
    choices: SPEEDS,
  }),
  family: optionalChoice({
    description: `If the request names a codec and no encoder: use only this family (${ENCODER_FAMILIES.join(", ")})`,
    valueName: "FAMILY",
    defaultText: "auto: the fastest in the cluster",
    choices: FAMILY_CHOICES,
  }),
  "allow-mixed": switchOption({ description: "Allow encoders of several families for one output" }),
  "wait-for-family": parsedOption<number | "ever" | null>({
    description: "How long a job without clients of its family waits before another family encodes it from the start",
    valueName: "SECONDS|ever",
    defaultText: "60",
    fallback: null,
    parseOne: parseWait,
  }),
  participate: switchOption({ description: "Encode on this machine too while waiting" }),
  "work-dir": optionalText({
    description: "Folder of the participating client",
    valueName: "DIR",
    defaultText: "./work",
  }),
  ...restOptions,
  "on-server": switchOption({ description: "INPUT is a path on the server, below one of its media roots" }),
  "copy-source": switchOption({
    description:
      "The server copies an https:// source first if it can't be read in place: no ranges, or no strong ETag",
  }),
  detach: switchOption({ description: "Print the job's id and return" }),
  "required-clients": optionalInteger({
    description: "Clients the job waits for before it starts",
    valueName: "N",
    defaultText: "the server's",
    min: 1,
    max: 10_000,
  }),
  priority: optionalInteger({
    description: "0 to 100; ten points are worth half as much again of the cluster while several jobs want it",
    valueName: "N",
    defaultText: "50",
    min: 0,
    max: 100,
  }),
  verify: optionalChoice({
    description: "Final check: fast compares counts, times and digests; full also decodes the whole output",
    valueName: "fast|full",
    defaultText: "the server's",
    choices: ["fast", "full"],
  }),
  ...libraryOptions,
  ...tellingOptions,
  ...jobWebhookOptions,
  name: optionalText({ description: "Job name that lists show", defaultText: "the input's file name" }),
  ...sandboxOption,
  ...serverOptions,
  ...jsonOption,
};
export type SubmitOptions = OptionValues<typeof submitOptions>;
