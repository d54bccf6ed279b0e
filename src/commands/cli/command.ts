// What a command is: its path, its declared arguments, its run. cli.ts checks argv against the declaration, resolves
// the options and calls `run`; the number it answers is the exit code, failures are thrown as AppErrors.
import type { Positional } from "../../base/config/check-argv.ts";
import type { Options, OptionValues } from "../../base/config/option.ts";
import type { Environment, OptionOrigin } from "../../base/config/resolve-options.ts";
import type { AppError } from "../../base/errors.ts";

/** stdout or stderr as a command sees it. */
export interface Sink {
  readonly isTty: boolean;
  readonly columns: number;
  write(text: string): void;
}

export interface CommandContext {
  readonly env: Environment;
  readonly cwd: string;
  /** The answer. */
  readonly stdout: Sink;
  /** The talk. */
  readonly stderr: Sink;
  /** A person can be asked: stdin and stderr are terminals. */
  readonly isInteractive: boolean;
  /** Aborted by the first Ctrl-C, SIGTERM or SIGHUP, with the signal's name as the cause of the reason. */
  readonly signal: AbortSignal;
  /** What a second one says, before it ends the process at once: what goes on without it, and how to follow that. */
  setLastWords(words: AppError): void;
}

export interface Invocation<O extends Options> {
  readonly options: OptionValues<O>;
  readonly origins: { readonly [K in keyof O]: OptionOrigin };
  readonly positionals: readonly string[];
  readonly context: CommandContext;
}

export interface Command<O extends Options = Options> {
  /** Words after `ffcluster`: `["jobs", "list"]`. */
  readonly path: readonly string[];
  readonly summary: string;
  readonly positionals: readonly Positional[];
  readonly options: O;
  readonly examples: readonly string[];
  /** With --json it prints a line per event, so a failure is the last event, not a document of its own. */
  readonly printsEvents: boolean;
  run(invocation: Invocation<O>): Promise<number>;
}

/** Keeps the types of the options while the command is written, and drops them for the registry. */
export function defineCommand<O extends Options>(command: Command<O>): Command {
  return command as unknown as Command;
}

/** The last event of a command that prints events: "completed", "failed", "cancelled" and the like. */
export function printEvent(context: CommandContext, event: string, fields: object): void {
  context.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}

export function printDocument(context: CommandContext, document: unknown): void {
  context.stdout.write(`${JSON.stringify(document, null, context.stdout.isTty ? 2 : undefined)}\n`);
}
