// The options of `submit` that make sense for several files.

import {
  BadValue,
  choiceOption,
  listOption,
  optionalInteger,
  parsedOption,
  switchOption,
} from "../../base/config/option.ts";
import { isRemoteAddress } from "../../base/network/remote-address.ts";
import { type NameTemplate, parseNameTemplate } from "./names/name-template.ts";
import { parseSkipRule, type SkipRule } from "./skip-rules.ts";

export const MOST_AHEAD = 64;

function parseFolder(text: string): string {
  if (text.includes("\0")) throw new BadValue("expected a path");
  if (isRemoteAddress(text))
    throw new BadValue("expected a folder here; an output elsewhere is named by -o, one by one");
  return text;
}

export const libraryOptions = {
  recursive: switchOption({ description: "Of an INPUT that is a folder: take the videos in the folders below it too" }),
  "output-dir": parsedOption<string | null>({
    description:
      "Folder for the outputs of several INPUTs or of a folder, whose own folders are kept below it; run again, submit goes on where it stopped",
    valueName: "DIR",
    fallback: null,
    parseOne: parseFolder,
  }),
  "name-template": parsedOption<NameTemplate | null>({
    description:
      "Names of the outputs below --output-dir, made of {dir}, {stem}, {name}, {source-ext}, {codec} and {ext}",
    valueName: "TEMPLATE",
    fallback: null,
    defaultText: "{dir}/{stem}.{ext}",
    parseOne: parseNameTemplate,
  }),
  "keep-dates": switchOption({ description: "Give each output the date of its source" }),
  "skip-if": listOption<SkipRule>({
    description:
      'Leave a file out (repeatable): codec, it has the codec already that the request makes; codec=NAME; "bitrate<4M", of the whole file; "size<100M"; in-output, the same bytes have an output there already',
    valueName: "RULE",
    parseOne: parseSkipRule,
  }),
  "if-larger": choiceOption({
    description: "When an output is not smaller than its source: keep-output anyway, or make none and keep-source",
    choices: ["keep-output", "keep-source"],
    fallback: "keep-output",
  }),
  replace: switchOption({
    description:
      "Put each output in its source's place once it is proven exact; the source goes to .ffcluster-trash in the folder that was named",
  }),
  "jobs-ahead": optionalInteger({
    description: "Of several files: how many are under way at a time",
    valueName: "N",
    defaultText: "as many as the clients have slots, 4 at least",
    min: 1,
    max: MOST_AHEAD,
  }),
};
