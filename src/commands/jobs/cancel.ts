// `ffcluster cancel`
import { printable } from "../../base/printable.ts";
import { defineCommand, printDocument } from "../cli/command.ts";
import { jobIdArgument, jsonOption, serverOptions } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";

export const cancel = defineCommand({
  path: ["cancel"],
  summary: "Cancel a job: stop its encodes and remove what is encoded",
  positionals: [jobIdArgument],
  options: { ...serverOptions, ...jsonOption },
  examples: ["ffcluster cancel 3f2a"],
  printsEvents: false,
  async run({ options, positionals, context }) {
    const api = await connect(options, context);
    const job = await api.cancelJob(positionals[0] ?? "");
    if (options.json) printDocument(context, job);
    else
      context.stdout.write(
        `job ${job.job_id} (${printable(job.file_name)}) is ${job.status.toLowerCase()}; what was encoded is removed\n`,
      );
    return 0;
  },
});
