// `ffcluster jobs logs`
import { defineCommand, printDocument } from "../cli/command.ts";
import { jobIdArgument, jsonOption, serverOptions } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";
import { jobLogsText } from "../output/job-logs-text.ts";

export const jobsLogs = defineCommand({
  path: ["jobs", "logs"],
  summary: "Show what ffmpeg said in each attempt of a job, and why attempts ended",
  positionals: [jobIdArgument],
  options: { ...serverOptions, ...jsonOption },
  examples: ["ffcluster jobs logs 3f2a", "ffcluster jobs logs 3f2a --json"],
  printsEvents: false,
  async run({ options, positionals, context }) {
    const client = await connect(options, context);
    const id = positionals[0] ?? "";
    const logs = await client.jobLogs(id);
    if (options.json) printDocument(context, logs);
    else context.stdout.write(jobLogsText(logs, (await client.job(id)).error));
    return 0;
  },
});
