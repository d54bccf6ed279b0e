// Options that several commands share, declared once so that they mean the same everywhere.
import { choiceOption, optionalText, switchOption, textOption } from "../base/config/option.ts";

export const jsonOption = {
  json: switchOption({ description: "Print JSON on stdout, failures included" }),
};

export const serverOptions = {
  server: textOption({
    description: "The server",
    valueName: "HOST[:PORT]",
    fallback: "localhost:5001",
  }),
  token: optionalText({
    description: "Shared secret",
    valueName: "TOKEN",
    defaultText: "remembered for that host and port",
  }),
};

export const logOption = {
  "log-level": choiceOption({
    description: "How much is told on stderr",
    choices: ["error", "warn", "info", "debug"],
    fallback: "info",
  }),
};
