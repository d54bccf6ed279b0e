// The options of commands that wait for jobs: how people and programs are told that one has ended.
import { BadValue, type OptionValues, parsedOption, switchOption } from "../../base/config/option.ts";
import { AppError } from "../../base/errors.ts";
import { splitCommand } from "./split-command.ts";

function commandValue(text: string): readonly string[] {
  const words = splitCommand(text);
  if (words === null) throw new BadValue("a quote is not closed");
  return words;
}

export const tellingOptions = {
  notify: switchOption({
    description:
      "Show a notification on the desktop at the end, or ring the terminal's bell where there is none; of several files one for all, of `watch` one for each",
  }),
  "on-complete": parsedOption<readonly string[] | null>({
    description:
      "Run this program at the end of the job, of several files after each: words with quotes, no shell. It gets FFCLUSTER_STATUS, FFCLUSTER_JOB_ID, FFCLUSTER_INPUT, FFCLUSTER_OUTPUT and FFCLUSTER_ERROR",
    valueName: "COMMAND",
    fallback: null,
    parseOne: commandValue,
  }),
};
export type TellingOptions = OptionValues<typeof tellingOptions>;

/** Errors: E_USAGE where the command does not wait for the end. */
export function requireWaiting(given: TellingOptions & { readonly detach: boolean }): void {
  if (!given.detach || (!given.notify && given["on-complete"] === null)) return;
  const hint = "Leave --detach out, or name a webhook, which the server calls.";
  throw new AppError("E_USAGE", "with --detach nobody is here to be told of the end", hint);
}
