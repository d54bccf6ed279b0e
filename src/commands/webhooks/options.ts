// Arguments and options that commands about webhooks share.
import { JOB_EVENTS, WEBHOOK_EVENTS, WEBHOOK_FORMATS } from "../../api/webhooks/webhook-contract.ts";
import type { Positional } from "../../base/config/check-argv.ts";
import { BadValue, choiceOption, optionalText, parsedOption } from "../../base/config/option.ts";

export const webhookNameArgument: Positional = { name: "NAME", description: "the webhook's name" };

function parseEvents<const E extends string>(text: string, known: readonly E[]): readonly E[] {
  return text.split(",").map((word) => {
    const found = known.find((event) => event === word.trim().toLowerCase());
    if (found === undefined) throw new BadValue(`expected some of ${known.join(", ")}`);
    return found;
  });
}

const ENDS = "job.completed,job.failed,job.cancelled";

const eventsOption = <const E extends string>(known: readonly E[]) =>
  parsedOption<readonly E[] | null>({
    description: `What to tell of, separated by commas: ${known.join(", ")}`,
    valueName: "EVENTS",
    fallback: null,
    defaultText: ENDS.replaceAll(",", ", "),
    parseOne: (text) => parseEvents(text, known),
  });

const formatOption = choiceOption({
  description: "Shape of the message: standard, our JSON with a signature; or what that service takes",
  choices: WEBHOOK_FORMATS,
  fallback: "standard",
});

export const webhookOptions = {
  name: optionalText({ description: "Name by which it is listed", valueName: "NAME", defaultText: "its host" }),
  events: eventsOption(WEBHOOK_EVENTS),
  format: formatOption,
  secret: optionalText({
    description: "Sign with this: whsec_ and at least 24 bytes in base64",
    valueName: "SECRET",
    defaultText: "made, and shown once",
    variable: "FFCLUSTER_WEBHOOK_SECRET",
  }),
};

/** Of `submit`. */
export const jobWebhookOptions = {
  webhook: optionalText({
    description: "Tell this address of the job, also long after submit has ended",
    valueName: "URL",
  }),
  "webhook-events": eventsOption(JOB_EVENTS),
  "webhook-format": formatOption,
  "webhook-secret": optionalText({
    description: "Sign with this: whsec_ and at least 24 bytes in base64",
    valueName: "SECRET",
    defaultText: "no signature",
  }),
};
