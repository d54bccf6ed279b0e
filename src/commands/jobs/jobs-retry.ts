// `ffcluster jobs retry`
import { printable } from "../../base/printable.ts";
import { defineCommand, printDocument } from "../cli/command.ts";
import { jobIdArgument, jsonOption, serverOptions } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";

export const jobsRetry = defineCommand({
  path: ["jobs", "retry"],
  summary: "Continue a failed or cancelled job from its finished segments",
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
      context.stdout.write(
        `job ${job.job_id} (${printable(job.file_name)}) continues: ${done} of ${known} known segments are finished\n`,
      );
    }
    return 0;
  },
});
