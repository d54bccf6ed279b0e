// The options that say when this machine works for the cluster, for `join` and `--participate`.
import { BadValue, type OptionValues, parsedOption, parsedSwitch, switchOption } from "../../base/config/option.ts";
import { BadSchedule, parseSchedule } from "../../base/schedule/parse-schedule.ts";
import type { Schedule } from "../../base/schedule/schedule.ts";

/** More than a mail program or a page uses, less than a game or a build. */
const BUSY_PERCENT = 25;

function scheduleValue(text: string): Schedule {
  try {
    return parseSchedule(text);
  } catch (thrown) {
    throw thrown instanceof BadSchedule ? new BadValue(thrown.message) : thrown;
  }
}

/** `50%` or `50`, as a part of 1. Errors: BadValue. */
export function percentValue(text: string): number {
  const percent = Number(/^(\d{1,3})\s*%?$/.exec(text.trim())?.[1]);
  if (!(percent >= 1 && percent <= 100)) throw new BadValue("expected a part of the processors, 1% to 100%");
  return percent / 100;
}

export const restOptions = {
  "max-cpu": parsedOption<number | null>({
    description: "Use no more than this part of all processors for encodes",
    valueName: "PERCENT",
    fallback: null,
    defaultText: "100%",
    parseOne: percentValue,
  }),
  schedule: parsedOption<Schedule | null>({
    description: 'Work in these hours alone, in local time: "22:00-07:00", "mon-fri 18:00-08:00; sat,sun 00:00-24:00"',
    valueName: "HOURS",
    fallback: null,
    defaultText: "always",
    parseOne: scheduleValue,
  }),
  "only-on-ac": switchOption({ description: "Do not work on battery" }),
  "pause-when-busy": parsedSwitch<number | null>({
    description: `Do not work while other programs use more than ${BUSY_PERCENT} % of the processors; =40% sets another part`,
    valueName: "PERCENT",
    whenOn: BUSY_PERCENT / 100,
    whenOff: null,
    parseOne: percentValue,
  }),
};
export type RestOptions = OptionValues<typeof restOptions>;

/** As a client takes them. */
export function restRules(given: RestOptions) {
  return {
    schedule: given.schedule,
    onlyOnAc: given["only-on-ac"],
    busyAbove: given["pause-when-busy"],
  };
}
