// Ctrl-C while a job runs: on a terminal the person chooses between cancelling it and leaving it; else it is left.
import { createInterface } from "node:readline/promises";
import { ApiClient } from "../../api/client.ts";
import type { CommandContext } from "../command.ts";
import { type CommandFailure, failureOf, leftRunning } from "../command-failure.ts";

async function wantsCancel(context: CommandContext): Promise<boolean> {
  // Not a terminal interface: a second Ctrl-C must reach the process, which then ends.
  const lines = createInterface({ input: process.stdin, terminal: false });
  try {
    context.stderr.write("\nCancel the job, or leave it running? [c/L] ");
    const [answer] = (await Promise.race([lines.question(""), closed(lines)])).trim().toLowerCase();
    return answer === "c";
  } finally {
    lines.close();
  }
}

function closed(lines: { once(event: "close", listener: () => void): unknown }): Promise<string> {
  return new Promise((resolve) => lines.once("close", () => resolve("")));
}

/** What the interrupted command ends with. */
export async function settleInterrupted(
  client: ApiClient,
  jobId: string,
  context: CommandContext,
): Promise<CommandFailure> {
  if (!context.isInteractive || context.signal.reason?.cause !== "SIGINT") return leftRunning(jobId);
  if (!(await wantsCancel(context))) return leftRunning(jobId);
  const unhurried = new ApiClient(client.connection); // the command's own is already aborted
  return failureOf(await unhurried.cancelJob(jobId));
}
