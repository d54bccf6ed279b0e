// Prints a failure: two lines on stderr, or with --json one object on stdout.
import { type AppError, exitCodeOf } from "../../base/errors.ts";
import { printable, printableJson, printableLines } from "../../base/printable.ts";
import type { CommandContext } from "./command.ts";
import { CommandFailure } from "./command-failure.ts";

export interface FailureForm {
  readonly isJson: boolean;
  /** The command prints events, so the failure is one too: `failed`, `cancelled` or `interrupted`. */
  readonly printsEvents: boolean;
  /** The --server that was given: commands in hints repeat it, so that they can be pasted. Null: they work without. */
  readonly server: string | null;
}

/** `ffcluster jobs show ID` → `ffcluster jobs show ID --server node-1:5001` */
function pasteable(hint: string, server: string | null): string {
  if (server === null) return hint;
  return hint.replace(/`(ffcluster (?:jobs|clients|cancel) [^`]*)`/g, (whole, command: string) =>
    /--(server|help)\b/.test(command) ? whole : `\`${command} --server ${server}\``,
  );
}

function document(error: AppError, { printsEvents, server }: FailureForm): object {
  const { hint, ...said } = error.toBody();
  const body = { error: { ...said, hint: pasteable(hint, server) } };
  if (error instanceof CommandFailure) return { event: error.event, job_id: error.jobId, ...body };
  if (!printsEvents) return body;
  return { event: error.code === "E_INTERRUPTED" ? "interrupted" : "failed", ...body };
}

/** Returns the exit code. */
export function printFailure(error: AppError, form: FailureForm, context: CommandContext): number {
  if (form.isJson) context.stdout.write(`${printableJson(JSON.stringify(document(error, form)))}\n`);
  else {
    const hint = error.hint === "" ? "" : `hint: ${printable(pasteable(error.hint, form.server))}\n`;
    context.stderr.write(`error: ${printableLines(error.message, "       ")}\n${hint}`);
  }
  if (error.code === "E_INTERNAL" && context.env.FFCLUSTER_DEBUG === "1") {
    const cause = error.cause instanceof Error ? error.cause : error;
    context.stderr.write(`${cause.stack ?? cause.message}\n`);
  }
  return error instanceof CommandFailure ? error.exitCode : exitCodeOf(error.code);
}
