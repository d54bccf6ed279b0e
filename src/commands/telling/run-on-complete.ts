// `--on-complete`: runs the submitter's own program when a job has ended. What it prints goes to stderr, since stdout has the
// command's answer. However it ends, the command's own exit code stays.
import { printable } from "../../base/printable.ts";
import { type CommandContext, printEvent } from "../cli/command.ts";
import { type Ended, endedVariables } from "./ended.ts";

const STDERR = 2;

/** Its exit code; null: it could not be started, or was ended by a signal. */
async function run(words: readonly string[], ended: Ended, context: CommandContext): Promise<number | null> {
  const child = Bun.spawn([...words], {
    cwd: context.cwd,
    env: { ...context.env, ...endedVariables(ended) },
    stdio: ["ignore", STDERR, STDERR],
    windowsHide: true,
  });
  const stop = () => child.kill();
  context.signal.addEventListener("abort", stop, { once: true });
  try {
    await child.exited;
    return child.exitCode;
  } finally {
    context.signal.removeEventListener("abort", stop);
  }
}

/** Says how it ended, where that is not with 0. */
export async function runOnComplete(
  words: readonly string[],
  ended: Ended,
  isJson: boolean,
  context: CommandContext,
): Promise<void> {
  const name = printable(words[0] ?? "");
  try {
    const code = await run(words, ended, context);
    if (isJson) printEvent(context, "on-complete", { job_id: ended.jobId, command: words, exit_code: code });
    if (code === 0) return;
    const how = code === null ? "was ended by a signal" : `ended with exit code ${code}`;
    context.stderr.write(`ffcluster: the program of --on-complete, ${name}, ${how}\n`);
  } catch (thrown) {
    const why = printable(thrown instanceof Error ? thrown.message : String(thrown));
    if (isJson)
      printEvent(context, "on-complete", { job_id: ended.jobId, command: words, exit_code: null, error: why });
    context.stderr.write(`ffcluster: the program of --on-complete, ${name}, could not be started: ${why}\n`);
  }
}
