// `ffcluster jobs watch`
import { toAppError } from "../../base/errors.ts";
import { printable } from "../../base/printable.ts";
import { defineCommand, printEvent } from "../cli/command.ts";
import { failureOf } from "../cli/command-failure.ts";
import { jobIdArgument, jsonOption, serverOptions } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";
import { createProgressDisplay } from "../output/progress-display.ts";
import { leftBehind } from "../submitting/on-interrupt.ts";
import { followToEnd } from "./follow-job.ts";

export const jobsWatch = defineCommand({
  path: ["jobs", "watch"],
  summary: "Follow a job until it ends; the exit code is 3 if it fails or is cancelled",
  positionals: [jobIdArgument],
  options: { ...serverOptions, ...jsonOption },
  examples: ["ffcluster jobs watch 3f2a", "ffcluster jobs watch 3f2a --json"],
  printsEvents: true,
  async run({ options, positionals, context }) {
    const client = await connect(options, context);
    const { job_id: jobId } = await client.job(positionals[0] ?? "");
    const display = createProgressDisplay(context.stderr);
    try {
      const job = await followToEnd({ client, jobId, context, display, printsEvents: options.json });
      display.end();
      if (job.status !== "Completed") throw failureOf(job);
      if (options.json) printEvent(context, "completed", { job_id: jobId, output: job.output });
      else context.stdout.write(`job ${jobId} is complete: ${printable(job.output?.name ?? job.output_name)}\n`);
      return 0;
    } catch (thrown) {
      const isInterrupted = context.signal.aborted && toAppError(thrown).code === "E_INTERRUPTED";
      throw isInterrupted ? leftBehind({ kind: "following", jobId }) : thrown;
    } finally {
      display.end();
    }
  },
});
