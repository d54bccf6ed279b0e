// Help that can be read cold. The usage of a command is rendered by citty from our declarations and laid out again for
// the width of the terminal; examples and the words about environment and config file are added here.
import { stripVTControlCharacters } from "node:util";
import { type ArgsDef, type CommandDef, renderUsage } from "citty";
import { CONFIG_FILE_NAME } from "../../base/config/config-file.ts";
import type { Option } from "../../base/config/option.ts";
import { VERSION } from "../../base/version.ts";
import { hanging, paragraph } from "../output/wrap.ts";
import type { Command } from "./command.ts";
import { loadAllCommands } from "./registry.ts";

function describe(option: Option<unknown>): string {
  // A switch that is on by default is shown by citty with its `--no-` form, so it needs no word here.
  return option.defaultText === null || option.kind === "switch"
    ? option.description
    : `${option.description} (default: ${option.defaultText})`;
}

/** Our declaration in citty's words. citty only prints it: argv is read by base/config/check-argv.ts. */
function toCitty(command: Command): CommandDef {
  const args: ArgsDef = {};
  for (const { name, description } of command.positionals) args[name] = { type: "positional", description };
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

/** citty's lines of a term and its meaning, four blanks between them; a `--no-` form has no meaning of its own. */
const TERM_LINE = /^ {2,}(\S.*?)(?: {4,}(\S.*?))? *$/;

/** citty's columns are as wide as the longest meaning: here they are wrapped. */
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
  "Every option may also come from the environment (FFCLUSTER_ and its name in upper case with underscores) " +
  `or from ${CONFIG_FILE_NAME} in the current folder; flags win over environment, environment over file.`;

export async function commandHelp(command: Command, columns: number): Promise<string> {
  const usage = stripVTControlCharacters(await renderUsage(toCitty(command)));
  const examples = command.examples.map((example) => `  ${example}\n`).join("");
  return `${laidOut(usage, columns)}\n\nEXAMPLES\n\n${examples}\n${paragraph(CONFIGURATION, columns)}`;
}

const START = [
  ["ffcluster serve", "on one machine; prints the next line"],
  ["ffcluster join --server HOST:5001 --token TOKEN", "on each machine that should encode"],
  ["ffcluster submit input.mp4 --participate", "from anywhere"],
  ["ffcluster jobs list", "what is going on"],
] as const;

/** Help for everything, or for a group such as `jobs`. */
export async function groupHelp(group: string | null, columns: number): Promise<string> {
  const all = await loadAllCommands();
  const shown = group === null ? all : all.filter((command) => command.path[0] === group);
  const calls = shown.map((command) => {
    const positionals = command.positionals.map(({ name }) => ` ${name}`).join("");
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
