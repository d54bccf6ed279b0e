// Runs a command line: finds the command, checks argv, resolves options, calls `run`, returns the exit code. Never ends the
// process itself.
import { join } from "node:path";
import { checkArgv } from "../../base/config/check-argv.ts";
import { CONFIG_FILE_NAME, readConfigFile } from "../../base/config/config-file.ts";
import { type Environment, resolveOptions } from "../../base/config/resolve-options.ts";
import { AppError, toAppError } from "../../base/errors.ts";
import { VERSION } from "../../base/version.ts";
import type { Command, CommandContext, Sink } from "./command.ts";
import { type FailureForm, printFailure } from "./print-failure.ts";
import { commandPaths, loadAllCommands, loadCommand } from "./registry.ts";
import { listenForSignals } from "./signals.ts";
import { isNoun, unknownCommand } from "./unknown-command.ts";

/** `onLost`: output could not be written. A reader that has closed the pipe (`| head`) wants no more; that is no failure. */
function sink(stream: NodeJS.WriteStream, onLost: (thrown: Error) => void): Sink {
  stream.on("error", (thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== "EPIPE") onLost(thrown);
  });
  return {
    isTty: stream.isTTY === true,
    get columns() {
      return stream.columns || 80; // 0 on a terminal that does not know its width
    },
    get rows() {
      return stream.rows || 24;
    },
    isDumb: process.env.TERM === "dumb",
    write: (text) => void stream.write(text),
    onResize(listener) {
      stream.on("resize", listener);
      return () => void stream.off("resize", listener);
    },
  };
}

/** An answer that could not be written (a full disk) is a failure even if everything else worked. */
function answerLost(thrown: Error): void {
  if (process.exitCode === undefined || process.exitCode === 0) {
    process.stderr.write(`error: the answer could not be written: ${thrown.message}\n`);
  }
  process.exitCode = 1;
}

/** Failures may come before argv is checked, so this reads it unchecked. */
function asksForJson(argv: readonly string[], env: Environment): boolean {
  let isAsked = ["1", "true", "yes", "on"].includes(env.FFCLUSTER_JSON?.toLowerCase() ?? "");
  for (const [index, argument] of argv.entries()) {
    if (argument === "--") break;
    if (argument === "--json") isAsked = argv[index + 1] !== "false";
    else if (argument === "--no-json" || argument === "--json=false") isAsked = false;
    else if (argument.startsWith("--json=")) isAsked = true;
  }
  return isAsked;
}

interface Chosen {
  readonly command: Command;
  readonly rest: readonly string[];
}

/** Errors: E_USAGE with the nearest command. */
async function chooseCommand(argv: readonly string[]): Promise<Chosen> {
  for (const words of [2, 1]) {
    if (argv.length < words) continue;
    const command = await loadCommand(argv.slice(0, words).join(" "));
    if (command !== null) return { command, rest: argv.slice(words) };
  }
  const [first = "", second] = argv;
  if (first.startsWith("-")) {
    throw new AppError("E_USAGE", `${first} comes before the command`, "Write the command first: ffcluster COMMAND ….");
  }
  const isGroup = commandPaths().some((path) => path.startsWith(`${first} `));
  const verb = second === undefined || second.startsWith("-") ? undefined : second;
  if (isGroup && verb === undefined) {
    throw new AppError(
      "E_USAGE",
      `\`ffcluster ${first}\` needs a command`,
      `\`ffcluster ${first} --help\` lists them.`,
    );
  }
  throw unknownCommand(first, isGroup || isNoun(first) ? verb : undefined, commandPaths());
}

async function knownOptionNames(): Promise<readonly string[]> {
  const commands = await loadAllCommands();
  return [...new Set(commands.flatMap((command) => Object.keys(command.options)))];
}

/** Errors: E_BAD_OPTION where the environment makes every certificate good. */
function requireVerifiedTls(env: CommandContext["env"]): void {
  if (env.NODE_TLS_REJECT_UNAUTHORIZED !== "0") return;
  const hint = "Unset it; --tls-ca FILE trusts a certificate that no authority has signed.";
  throw new AppError("E_BAD_OPTION", "NODE_TLS_REJECT_UNAUTHORIZED=0 would take any server for ours", hint);
}

/** Options of ffmpeg, as people write them here. */
function otherWordsFor(options: Command["options"]): Readonly<Record<string, string>> {
  const has = (name: string) => Object.hasOwn(options, name);
  const inParams = (words: string) => `--ffmpeg-params "${words}"`;
  return {
    ...(has("force") ? { "-y": "--force", "--overwrite": "--force" } : {}),
    ...(has("crf") ? { "-crf": "--crf" } : has("ffmpeg-params") ? { "--crf": inParams("-c:v libx264 -crf 23") } : {}),
    ...(has("preset") ? { "-preset": "--preset" } : {}),
    ...(has("ffmpeg-params") ? { "--vf": inParams("-vf …"), "--bitrate": inParams("-b:v 4M") } : {}),
    ...(has("codec") ? { "--encoder": inParams("-c:v libx265"), "--vcodec": inParams("-c:v libx265") } : {}),
  };
}

async function runCommand(
  { command, rest }: Chosen,
  context: CommandContext,
  onServer: (given: string) => void,
): Promise<number> {
  requireVerifiedTls(context.env);
  const takesParams = Object.hasOwn(command.options, "ffmpeg-params");
  const declared = {
    ...command,
    command: `ffcluster ${command.path.join(" ")}`,
    ...(takesParams ? { elsewhere: 'Options of ffmpeg go into --ffmpeg-params "…".' } : {}),
    otherWords: otherWordsFor(command.options),
  };
  const checked = checkArgv(rest, declared);
  if (checked.wantsHelp) {
    const { commandHelp } = await import("../help/command-help.ts");
    context.stdout.write(await commandHelp(command, context.stdout.columns));
    return 0;
  }
  const file = await readConfigFile(context.cwd, knownOptionNames);
  if (file.size > 0 && Object.hasOwn(command.options, "log-level")) {
    context.stderr.write(`ffcluster: some options come from ${join(context.cwd, CONFIG_FILE_NAME)}\n`);
  }
  const { values, origins } = resolveOptions(command.options, checked.given, context.env, file, declared.command);
  if (origins.server === "flag" && typeof values.server === "string") onServer(values.server);
  return await command.run({ options: values, origins, positionals: checked.positionals, context });
}

/** Answers what needs no command: the version, and help for all or for a group. Null: a command is needed. */
async function answerWithoutCommand(argv: readonly string[], context: CommandContext): Promise<number | null> {
  const [first, second] = argv;
  if (first === "--version" || first === "-V") {
    context.stdout.write(`ffcluster ${VERSION}\n`);
    return 0;
  }
  const isHelp = (word: string | undefined) => word === "--help" || word === "-h" || word === "help";
  const isGroup = commandPaths().some((path) => path.startsWith(`${first} `));
  if (first !== undefined && !isHelp(first) && !(isGroup && isHelp(second))) return null;
  const { helpFor } = await import("../help/help-for.ts");
  const sink = first === undefined ? context.stderr : context.stdout;
  const words = isHelp(first) ? argv.slice(1) : argv.slice(0, 1);
  // `ffcluster --help jobs list` and `ffcluster help jobs list` are `ffcluster jobs list --help`.
  sink.write(
    await helpFor(
      words.filter((word) => !word.startsWith("-")),
      await loadAllCommands(),
      sink.columns,
    ),
  );
  return first === undefined ? 2 : 0;
}

/** Runs one command line; returns the exit code. */
export async function runCli(argv: readonly string[]): Promise<number> {
  let printsEvents = false;
  let server: string | null = null;
  const form = (): FailureForm => ({ isJson: asksForJson(argv, process.env), printsEvents, server });
  let lastWords = new AppError("E_INTERRUPTED", "interrupted", "");
  const signals = listenForSignals(() => {
    if (context.stderr.isTty) context.stderr.write("\n"); // the cursor is behind a question or a bar
    printFailure(lastWords, form(), context);
  });
  const context: CommandContext = {
    env: process.env,
    cwd: process.cwd(),
    stdout: sink(process.stdout, answerLost),
    // A message that can't be written must not stop the work.
    stderr: sink(process.stderr, () => {}),
    isInteractive: process.stdin.isTTY === true && process.stderr.isTTY === true,
    signal: signals.signal,
    setLastWords: (words) => {
      lastWords = words;
    },
    allCommands: loadAllCommands,
  };
  try {
    const answered = await answerWithoutCommand(argv, context);
    if (answered !== null) return answered;
    const chosen = await chooseCommand(argv);
    printsEvents = chosen.command.printsEvents;
    return await runCommand(chosen, context, (given) => {
      server = given;
    });
  } catch (thrown) {
    return printFailure(toAppError(thrown), form(), context);
  } finally {
    signals.stop();
  }
}
