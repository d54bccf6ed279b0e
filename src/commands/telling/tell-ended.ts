// Tells whom the user named that a job, or a file of several, has ended.
import { basename } from "node:path";
import { toAppError } from "../../base/errors.ts";
import type { CommandContext } from "../cli/command.ts";
import { CommandFailure } from "../cli/command-failure.ts";
import type { Ended } from "./ended.ts";
import { notify } from "./notify.ts";
import type { TellingOptions } from "./options.ts";
import { runOnComplete } from "./run-on-complete.ts";

export type Telling = TellingOptions & { readonly json: boolean };

/** First the program, then the desktop: what is shown is done. */
export async function tellEnded(given: Telling, ended: Ended, context: CommandContext): Promise<void> {
  const words = given["on-complete"];
  if (words !== null && words.length > 0) await runOnComplete(words, ended, given.json, context);
  if (given.notify) await notify(titleOf(ended), textOf(ended), context);
}

/** What was thrown, where a job or file failed; null: the command was interrupted, and nothing has ended. */
export function endedBy(thrown: unknown, input: string): Ended | null {
  const error = toAppError(thrown);
  const failure = error instanceof CommandFailure ? error : null;
  if (error.code === "E_INTERRUPTED" || failure?.event === "interrupted") return null;
  const status = failure?.event === "cancelled" ? "cancelled" : "failed";
  return { status, jobId: failure?.jobId ?? null, input, output: null, error: error.toBody() };
}

function titleOf({ status }: Ended): string {
  return status === "completed" ? "Video encoded" : `Encode ${status}`;
}

function textOf({ input, output, error }: Ended): string {
  return `${basename(output ?? input)}${error === null ? "" : `: ${error.message.slice(0, 200)}`}`;
}
