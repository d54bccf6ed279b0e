// `ffcluster jobs watch`
import type { ApiClient } from "../../api/client.ts";
import type { JobView, Proof } from "../../api/contract.ts";
import { AppError, toAppError } from "../../base/errors.ts";
import { printable } from "../../base/printable.ts";
import { type CommandContext, defineCommand, printEvent } from "../cli/command.ts";
import { failureOf } from "../cli/command-failure.ts";
import { jobIdArgument, jsonOption, serverOptions } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";
import { createProgressDisplay } from "../output/progress-display.ts";
import { styleFor } from "../output/style.ts";
import { roomOf, summaryLines } from "../output/summary-text.ts";
import { leftBehind } from "../submitting/on-interrupt.ts";
import { waitingFor, watchForClients } from "../submitting/waiting-notice.ts";
import { followToEnd } from "./follow-job.ts";

/** A proof that can't be had (any more) is no failure of the watch. */
async function proofOf(client: ApiClient, jobId: string, signal: AbortSignal): Promise<Proof | null> {
  try {
    return await client.proof(jobId);
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof AppError)) throw thrown;
    return null;
  }
}

async function printSummary(client: ApiClient, job: JobView, { stderr, env, signal }: CommandContext): Promise<void> {
  const proof = await proofOf(client, job.job_id, signal);
  if (proof === null) return;
  for (const line of summaryLines(job, proof, roomOf(stderr), styleFor({ env }, stderr))) stderr.write(`${line}\n`);
}

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
    const display = createProgressDisplay(context);
    const notice = watchForClients(
      (view) => waitingFor(view, client),
      (text) => display.note(text),
    );
    try {
      const onView = (view: JobView) => notice.see(view);
      const job = await followToEnd({ client, jobId, context, display, printsEvents: options.json, onView });
      display.end();
      if (job.status !== "Completed") throw failureOf(job);
      if (options.json) printEvent(context, "completed", { job_id: jobId, output: job.output });
      else {
        await printSummary(client, job, context);
        context.stdout.write(`job ${jobId} is complete: ${printable(job.output?.name ?? job.output_name)}\n`);
      }
      return 0;
    } catch (thrown) {
      const isInterrupted = context.signal.aborted && toAppError(thrown).code === "E_INTERRUPTED";
      throw isInterrupted ? leftBehind({ kind: "following", jobId }) : thrown;
    } finally {
      notice.stop();
      display.end();
    }
  },
});
