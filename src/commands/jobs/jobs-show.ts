// `ffcluster jobs show`
import { defineCommand, printDocument } from "../cli/command.ts";
import { jobIdArgument, jsonOption, serverOptions } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";
import { jobDetailText } from "../output/job-text.ts";
import { lookOf } from "../output/style.ts";

export const jobsShow = defineCommand({
  path: ["jobs", "show"],
  summary: "Show a job with its segments and its history",
  positionals: [jobIdArgument],
  options: { ...serverOptions, ...jsonOption },
  examples: ["ffcluster jobs show 3f2a", "ffcluster jobs show 3f2a --json"],
  printsEvents: false,
  async run({ options, positionals, context }) {
    const client = await connect(options, context);
    const job = await client.jobDetail(positionals[0] ?? "");
    if (options.json) printDocument(context, job);
    else context.stdout.write(jobDetailText(job, lookOf(context, context.stdout)));
    return 0;
  },
});
