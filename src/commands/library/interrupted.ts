// What an interrupted run over a library leaves behind; on a terminal the jobs under way may be cancelled.
import { ApiClient } from "../../api/client.ts";
import type { Connection } from "../../api/http-call.ts";
import { AppError, toAppError } from "../../base/errors.ts";
import type { CommandContext } from "../cli/command.ts";
import { shortId } from "../output/format.ts";
import { wantsCancel } from "../submitting/on-interrupt.ts";

const AGAIN = "The same command goes on where this one stopped.";

function jobsText(count: number): string {
  return count === 1 ? "a job" : `${count} jobs`;
}

export function libraryLeftBehind(jobIds: readonly string[]): AppError {
  if (jobIds.length === 0) return new AppError("E_INTERRUPTED", "interrupted; no job is under way", AGAIN);
  const continues = jobIds.length === 1 ? "continues" : "continue";
  const hint = `${AGAIN} \`ffcluster jobs list\` shows them, \`ffcluster cancel ${shortId(jobIds[0] ?? "")}\` cancels one.`;
  return new AppError("E_INTERRUPTED", `interrupted; ${jobsText(jobIds.length)} ${continues}`, hint);
}

/** The error that the interrupted command ends with. */
export async function settleLibrary(
  connection: Connection,
  jobIds: readonly string[],
  context: CommandContext,
): Promise<AppError> {
  const left = libraryLeftBehind(jobIds);
  if (jobIds.length === 0 || !context.isInteractive || context.signal.reason?.cause !== "SIGINT") return left;
  if (!(await wantsCancel(`the ${jobIds.length === 1 ? "job" : `${jobIds.length} jobs`}`, context))) return left;
  const unhurried = new ApiClient(connection); // the command's own signal is aborted
  const cancelled = await Promise.allSettled(jobIds.map((jobId) => unhurried.cancelJob(jobId)));
  const failed = cancelled.find((each) => each.status === "rejected");
  if (failed === undefined)
    return new AppError("E_INTERRUPTED", `interrupted; ${jobsText(jobIds.length)} cancelled`, AGAIN);
  const { message } = toAppError(failed.reason);
  const hint = "`ffcluster jobs list` shows their state.";
  return new AppError("E_INTERRUPTED", `interrupted; not every job could be cancelled: ${message}`, hint);
}
