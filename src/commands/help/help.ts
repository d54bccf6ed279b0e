// `ffcluster help`
import { defineCommand } from "../cli/command.ts";
import { helpFor } from "./help-for.ts";
import { TOPIC_NAMES } from "./topics.ts";

export const help = defineCommand({
  path: ["help"],
  summary: "Explain a command, a group of commands, or a topic",
  positionals: [
    {
      name: "TOPIC",
      description: `a command, or one of ${TOPIC_NAMES.join(", ")}`,
      choices: TOPIC_NAMES,
      isRest: true,
    },
  ],
  options: {},
  examples: [
    "ffcluster help submit",
    "ffcluster help jobs list",
    "ffcluster help filters",
    "ffcluster help exit-codes",
  ],
  printsEvents: false,
  async run({ positionals, context }) {
    context.stdout.write(await helpFor(positionals, await context.allCommands(), context.stdout.columns));
    return 0;
  },
});
