// Finds the `ffcluster` command lines of a text and holds them against the commands as they are declared: their options,
// their values, what they need, and the variables set for them.

import { checkArgv } from "../../src/base/config/check-argv.ts";
import { BadValue, type Option } from "../../src/base/config/option.ts";
import { environmentNameOf } from "../../src/base/config/resolve-options.ts";
import { AppError } from "../../src/base/errors.ts";
import type { Command } from "../../src/commands/cli/command.ts";
import { loadAllCommands, loadCommand } from "../../src/commands/cli/registry.ts";

/** Variables that are no option's; docs/CONFIG.md names them. */
const OTHER_VARIABLES = ["FFCLUSTER_FFMPEG_DIR", "FFCLUSTER_DEBUG"];
const ASSIGNMENT = /^([A-Z][A-Z0-9_]*)=(.*)$/s;
/** What a person puts something else for: TOKEN, HOST:PORT, /srv/…, $HOME, <name>, ID. */
const PLACEHOLDER = /^-?[A-Z][A-Z0-9_.:-]*$|[…$<]|^@/;

export interface CommandLine {
  /** What follows `ffcluster`. */
  readonly words: readonly string[];
  /** Set for this command alone. */
  readonly variables: ReadonlyMap<string, string>;
}

/** The simple commands of one line of shell, as words: quotes, backslashes, comments, `|`, `&&`, `;` and `$(…)`. */
function simpleCommands(line: string): string[][] {
  const commands: string[][] = [[]];
  const word = /\s*(?:(#.*)|(\|\|?|&&?|;|\$\(|\))|((?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|\$(?!\()|[^\s"'\\|&;()$])+))/y;
  while (word.lastIndex < line.length) {
    const found = word.exec(line);
    if (found === null) break;
    const [, comment, end, text] = found;
    if (comment !== undefined) break;
    if (end !== undefined) commands.push([]);
    if (text !== undefined) {
      commands.at(-1)?.push(text.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/g, (_, a, b, c) => a ?? b ?? c));
    }
  }
  return commands;
}

/** Programs that start the one behind them. */
const STARTERS = /^(?:sudo |nohup |caffeinate -i |timeout \S+ |docker compose exec \S+ |kubectl exec \S+ -- )+$/;
const PROGRAM = /^(?:.*\/)?ffcluster(?:\.exe)?$/;

/** Where the program stands: first, behind its variables and what starts it; -1: it is another one's line. */
function programAt(words: readonly string[]): number {
  const bare = words.findIndex((word) => !ASSIGNMENT.test(word));
  const at = words.findIndex((word, index) => index >= bare && PROGRAM.test(word));
  const before = words
    .slice(bare, at)
    .map((word) => `${word} `)
    .join("");
  return at === bare || STARTERS.test(before) ? at : -1;
}

/** Every call of the program in some lines of shell; those that run it in a container too. */
export function commandLines(shell: string): CommandLine[] {
  const found: CommandLine[] = [];
  for (const line of shell.replace(/\\\n\s*/g, " ").split("\n")) {
    for (const words of simpleCommands(line)) {
      const at = programAt(words);
      if (at === -1) continue;
      const set = words.slice(0, at).flatMap((word) => {
        const [, name = "", value = ""] = ASSIGNMENT.exec(word) ?? [];
        return name === "" ? [] : [[name, value] as const];
      });
      found.push({ words: words.slice(at + 1), variables: new Map(set) });
    }
  }
  return found;
}

function complaintOf(option: Option<unknown>, text: string): string | null {
  if (PLACEHOLDER.test(text)) return null;
  try {
    option.parse([text]);
    return null;
  } catch (thrown) {
    if (thrown instanceof BadValue) return thrown.message;
    throw thrown;
  }
}

/** The longest path that the words begin with. */
async function commandOf(words: readonly string[]): Promise<Command | null> {
  return (await loadCommand(words.slice(0, 2).join(" "))) ?? (await loadCommand(words[0] ?? ""));
}

function variableComplaints(command: Command, variables: ReadonlyMap<string, string>): string[] {
  const options = new Map(
    Object.entries(command.options).map(([name, option]) => [option.variable ?? environmentNameOf(name), option]),
  );
  return [...variables].flatMap(([name, value]) => {
    if (!name.startsWith("FFCLUSTER_") || OTHER_VARIABLES.includes(name)) return [];
    const option = options.get(name);
    if (option === undefined) return [`${name} is no option of ${command.path.join(" ")}`];
    const complaint = complaintOf(option, value);
    return complaint === null ? [] : [`${name}=${value}: ${complaint}`];
  });
}

/** What is wrong with a command line; nothing: it would be taken. */
export async function complaints({ words, variables }: CommandLine): Promise<string[]> {
  const [first = ""] = words;
  if (["--version", "-V", "--help", "-h", "help", "COMMAND", "<command>"].includes(first)) return [];
  const command = await commandOf(words);
  const said = `ffcluster ${words.join(" ")}`;
  if (command === null) return [`${said}: no such command`];
  try {
    const rest = words.slice(command.path.length);
    const { given, positionals } = checkArgv(rest, { ...command, command: `ffcluster ${command.path.join(" ")}` });
    const values = [...given].flatMap(([name, texts]) =>
      texts.flatMap((text) => {
        const option = command.options[name];
        const complaint = option === undefined ? null : complaintOf(option, text);
        return complaint === null ? [] : [`${said}: --${name} ${complaint}`];
      }),
    );
    const isService = command.path[0] === "service" && rest.includes("--");
    const inner = isService ? await complaints({ words: positionals, variables: new Map() }) : [];
    return [...values, ...inner, ...variableComplaints(command, variables)];
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    return [`${said}: ${thrown.message}`];
  }
}

/** Every variable that some command reads. */
export async function knownVariables(): Promise<ReadonlySet<string>> {
  const commands = await loadAllCommands();
  const names = commands.flatMap(({ options }) =>
    Object.entries(options).map(([name, option]) => option.variable ?? environmentNameOf(name)),
  );
  return new Set([...names, ...OTHER_VARIABLES]);
}

/** The fenced blocks of a Markdown text that a shell would read; those for Windows with slashes. */
export function shellBlocks(markdown: string): string[] {
  return [...markdown.matchAll(/^ *```(sh|bat|powershell)?\n(.*?)^ *```/gms)].map(([, shell = "sh", block = ""]) =>
    shell === "sh" ? block : block.replaceAll("\\", "/"),
  );
}
