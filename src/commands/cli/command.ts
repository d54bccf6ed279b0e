// A command: its path, its declared arguments, its `run`. run-cli.ts checks argv against the declaration, resolves the
// options and calls `run`, which returns the exit code and throws failures as AppErrors.
import type { Positional } from "../../base/config/check-argv.ts";
import type { Options, OptionValues } from "../../base/config/option.ts";
import type { Environment, OptionOrigin } from "../../base/config/resolve-options.ts";
import type { AppError } from "../../base/errors.ts";
import { printableJson } from "../../base/printable.ts";

/** stdout or stderr, as commands use it. */
export interface Sink {
  readonly isTty: boolean;
  readonly columns: number;
  /** Of a terminal; absent: not known. */
  readonly rows?: number;
  /** A terminal that can't move its cursor. */
  readonly isDumb?: boolean;
  write(text: string): void;
  /** Calls `listener` when the terminal has another size; the returned function stops that. */
  onResize?(listener: () => void): () => void;
}

export interface CommandContext {
  readonly env: Environment;
  readonly cwd: string;
  /** For answers. */
  readonly stdout: Sink;
  /** For messages. */
  readonly stderr: Sink;
  /** Questions are possible: stdin and stderr are terminals. */
  readonly isInteractive: boolean;
  /** Aborted by the first Ctrl-C, SIGTERM or SIGHUP, with the signal's name as the cause of the reason. */
  readonly signal: AbortSignal;
  /** Sets the message for a second signal, which ends the process at once: what continues without it, and how to follow. */
  setLastWords(words: AppError): void;
  /** Every command, this one too. */
  allCommands(): Promise<readonly Command[]>;
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
  /** With --json the command prints a line per event, so a failure is the last event and not a separate document. */
  readonly printsEvents: boolean;
  run(invocation: Invocation<O>): Promise<number>;
}

/** Gives `run` the types of its options, and drops them for the registry. */
export function defineCommand<O extends Options>(command: Command<O>): Command {
  return command as unknown as Command;
}

/** The last event of a command that prints events: "completed", "failed", "cancelled" and the like. */
export function printEvent(context: CommandContext, event: string, fields: object): void {
  context.stdout.write(`${printableJson(JSON.stringify({ event, ...fields }))}\n`);
}

export function printDocument(context: CommandContext, document: unknown): void {
  context.stdout.write(`${printableJson(JSON.stringify(document, null, context.stdout.isTty ? 2 : undefined))}\n`);
}
