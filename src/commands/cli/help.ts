// Renders --help. citty renders a command's usage from our declarations; here it is laid out for the width of the terminal,
// and examples and the paragraph on configuration are added.
import { stripVTControlCharacters } from "node:util";
import { type ArgsDef, type CommandDef, renderUsage } from "citty";
import { CONFIG_FILE_NAME } from "../../base/config/config-file.ts";
import type { Option } from "../../base/config/option.ts";
import { VERSION } from "../../base/version.ts";
import { hanging, paragraph } from "../output/wrap.ts";
import type { Command } from "./command.ts";
import { loadAllCommands } from "./registry.ts";

function describe(option: Option<unknown>): string {
  // citty shows a switch that is on by default with its `--no-` form, so its default is not named here.
  return option.defaultText === null || option.kind === "switch"
    ? option.description
    : `${option.description} (default: ${option.defaultText})`;
}

/** Our declaration as citty's. citty only prints it; base/config/check-argv.ts reads argv. */
function toCitty(command: Command): CommandDef {
  const args: ArgsDef = {};
  for (const { name, description, isRest } of command.positionals) {
    args[name] = { type: "positional", description, required: isRest !== true };
  }
  for (const [name, option] of Object.entries(command.options)) {
    const common = { description: describe(option), ...(option.alias === null ? {} : { alias: option.alias }) };
    args[name] =
      option.kind === "switch"
        ? { type: "boolean", ...common, ...(option.fallback === true ? { default: true } : {}) }
        : { type: "string", valueHint: option.valueName, ...common };
  }
  args.help = { type: "boolean", alias: "h", description: "Show this help" };
  return { meta: { name: `ffcluster ${command.path.join(" ")}`, description: command.summary }, args };
}

/** A line of citty's with a term and its meaning, at least four blanks apart; a `--no-` form has no meaning. */
const TERM_LINE = /^ {2,}(\S.*?)(?: {4,}(\S.*?))? *$/;

/** Wraps the meanings; citty's column is as wide as the longest one. */
function laidOut(usage: string, columns: number): string {
  const parts: string[] = [];
  let pairs: [term: string, meaning: string][] = [];
  for (const line of [...usage.split("\n"), ""]) {
    const [, term, meaning = ""] = TERM_LINE.exec(line) ?? [];
    if (term !== undefined) {
      pairs.push([term, meaning]);
      continue;
    }
    if (pairs.length > 0) parts.push(hanging(pairs, columns));
    pairs = [];
    parts.push(paragraph(line, columns));
  }
  return parts.join("").trim();
}

const CONFIGURATION =
  "Every option can also be set in the environment (FFCLUSTER_ and its name in upper case with underscores) " +
  `or in ${CONFIG_FILE_NAME} in the current folder; flags win over the environment, and that over the file.`;

export async function commandHelp(command: Command, columns: number): Promise<string> {
  const usage = stripVTControlCharacters(await renderUsage(toCitty(command)));
  const examples = command.examples.map((example) => `  ${example}\n`).join("");
  return `${laidOut(usage, columns)}\n\nEXAMPLES\n\n${examples}\n${paragraph(CONFIGURATION, columns)}`;
}

const START = [
  ["ffcluster serve", "on one machine; it prints the next line"],
  ["ffcluster join --server HOST:5001 --token TOKEN", "on each machine that should encode"],
  ["ffcluster submit input.mp4 --participate", "from anywhere"],
  ["ffcluster jobs list", "shows what is going on"],
] as const;

/** Help for everything, or for a group such as `jobs`. */
export async function groupHelp(group: string | null, columns: number): Promise<string> {
  const all = await loadAllCommands();
  const shown = group === null ? all : all.filter((command) => command.path[0] === group);
  const calls = shown.map((command) => {
    const positionals = command.positionals
      .map(({ name, isRest }) => (isRest === true ? "" : ` ${name}`)) // what follows -- is in its own help
      .join("");
    return [`${command.path.join(" ")}${positionals}`, command.summary] as const;
  });
  const name = group === null ? "ffcluster" : `ffcluster ${group}`;
  return [
    paragraph(`ffcluster ${VERSION}: one video, many machines, one exact file back`, columns),
    `USAGE  ${name} COMMAND [OPTIONS]\n`,
    `COMMANDS\n\n${hanging(calls, columns)}`,
    ...(group === null ? [`START\n\n${hanging(START, columns)}`] : []),
    paragraph(`\`${name} COMMAND --help\` explains a command.`, columns),
  ].join("\n");
}
