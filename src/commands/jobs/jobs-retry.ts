// `ffcluster jobs retry`
import { printable } from "../../base/printable.ts";
import { defineCommand, printDocument } from "../cli/command.ts";
import { jobIdArgument, jsonOption, serverOptions } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";

export const jobsRetry = defineCommand({
  path: ["jobs", "retry"],
  summary: "Continue a failed job from its finished segments, or begin a cancelled one anew",
  positionals: [jobIdArgument],
  options: { ...serverOptions, ...jsonOption },
  examples: ["ffcluster jobs retry 3f2a"],
  printsEvents: false,
  async run({ options, positionals, context }) {
    const api = await connect(options, context);
    const job = await api.retryJob(positionals[0] ?? "");
    if (options.json) printDocument(context, job);
    else {
      const { done, known } = job.segments;
      const how = done === 0 ? "begins anew" : `continues: ${done} of ${known} known segments are finished`;
      context.stdout.write(`job ${job.job_id} (${printable(job.file_name)}) ${how}\n`);
    }
    return 0;
  },
});
