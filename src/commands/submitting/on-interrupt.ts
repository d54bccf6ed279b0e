// Says what an interrupted submit leaves behind at each of its steps, and asks whether to cancel the job.
import { createInterface } from "node:readline/promises";
import { ApiClient } from "../../api/client.ts";
import { AppError } from "../../base/errors.ts";
import type { CommandContext } from "../cli/command.ts";
import { CommandFailure, failureOf } from "../cli/command-failure.ts";
import { shortId } from "../output/format.ts";

/** The step that a submit is at. */
export type Doing =
  | { readonly kind: "preparing" | "uploading" | "asking-for-the-job" }
  | { readonly kind: "following" | "downloading"; readonly jobId: string };

/** What is left behind if the command ends at this step. */
export function leftBehind(doing: Doing): AppError {
  const interrupted = (message: string, hint: string) => new AppError("E_INTERRUPTED", message, hint);
  switch (doing.kind) {
    case "preparing":
      return interrupted("interrupted; no job was made", "");
    case "uploading":
      return interrupted(
        "interrupted; no job was made, and what was uploaded stays on the server for a day",
        "The same command continues the upload.",
      );
    case "asking-for-the-job":
      return interrupted(
        "interrupted while the server took the job",
        `\`ffcluster jobs list\` shows whether there is a job, \`ffcluster cancel ID\` cancels it.`,
      );
    case "following": {
      const id = shortId(doing.jobId);
      return leftJob(
        doing.jobId,
        "continues",
        `\`ffcluster jobs watch ${id}\` follows it, \`ffcluster jobs download ${id}\` gets its output, ` +
          `\`ffcluster cancel ${id}\` cancels it.`,
      );
    }
    case "downloading": {
      const hint = `\`ffcluster jobs download ${shortId(doing.jobId)} -o FILE\` gets its output.`;
      return leftJob(doing.jobId, "is complete, but its output was not downloaded", hint);
    }
  }
}

function leftJob(jobId: string, how: string, hint: string): CommandFailure {
  const message = `interrupted; job ${jobId} ${how}`;
  return new CommandFailure("interrupted", jobId, { code: "E_INTERRUPTED", message, hint });
}

/** Asks on a terminal. `what`: "the job". */
export async function wantsCancel(what: string, context: CommandContext): Promise<boolean> {
  // `terminal: false`, so that a second Ctrl-C reaches the process and ends it.
  const lines = createInterface({ input: process.stdin, terminal: false });
  try {
    context.stderr.write(`\nCancel ${what}, or leave it running? [c/L] `);
    const [answer] = (await Promise.race([lines.question(""), closed(lines)])).trim().toLowerCase();
    return answer === "c";
  } finally {
    lines.close();
  }
}

function closed(lines: { once(event: "close", listener: () => void): unknown }): Promise<string> {
  return new Promise((resolve) => lines.once("close", () => resolve("")));
}

/** The error that the interrupted command ends with. On a terminal the user may cancel a running job. */
export async function settleInterrupted(client: ApiClient, doing: Doing, context: CommandContext): Promise<AppError> {
  const left = leftBehind(doing);
  if (doing.kind !== "following") return left;
  if (!context.isInteractive || context.signal.reason?.cause !== "SIGINT") return left;
  if (!(await wantsCancel("the job", context))) return left;
  const unhurried = new ApiClient(client.connection); // the command's own signal is aborted
  try {
    return failureOf(await unhurried.cancelJob(doing.jobId));
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    const { jobId } = doing;
    const message = `interrupted; job ${jobId} could not be cancelled: ${thrown.message}`;
    const hint = `\`ffcluster jobs show ${shortId(jobId)}\` shows its state.`;
    return new CommandFailure("interrupted", jobId, { code: "E_INTERRUPTED", message, hint });
  }
}
