// `ffcluster invite`
import { defineCommand, printDocument } from "./cli/command.ts";
import { jsonOption, serverOptions } from "./cli/common-options.ts";
import { connect } from "./cli/connect.ts";
import { joinLine } from "./serving/join-line.ts";

export const invite = defineCommand({
  path: ["invite"],
  summary: "Print the line that another machine needs to join, as the server printed it when it started",
  positionals: [],
  options: { ...serverOptions, ...jsonOption },
  examples: ["ffcluster invite", "ffcluster invite --json"],
  printsEvents: false,
  async run({ options, context }) {
    const { join_token: token, ...outward } = await (await connect(options, context)).invite();
    const line = joinLine(outward, token);
    if (options.json) printDocument(context, { ...outward, join_token: token, line });
    else context.stdout.write(`${line}\n`);
    return 0;
  },
});
