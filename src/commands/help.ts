// Help that can be read cold, made from the commands' own declarations: usage, options in the order they are declared,
// examples, and the words about environment and config file. Wrapped to the width of the terminal.
import { CONFIG_FILE_NAME } from "../base/config/config-file.ts";
import type { Option } from "../base/config/option.ts";
import { VERSION } from "../base/version.ts";
import type { Command } from "./command.ts";
import { hanging, paragraph } from "./output/wrap.ts";
import { loadAllCommands } from "./registry.ts";

function formOf(name: string, option: Option<unknown>): string {
  const alias = option.alias === null ? "" : `-${option.alias}, `;
  if (option.kind !== "switch") return `${alias}--${name} ${option.valueName}`;
  return option.fallback === true ? `${alias}--${name}, --no-${name}` : `${alias}--${name}`;
}

function meaningOf(option: Option<unknown>): string {
  if (option.kind === "switch" && option.fallback === true) return `${option.description} (default: yes)`;
  return option.defaultText === null ? option.description : `${option.description} (default: ${option.defaultText})`;
}

const CONFIGURATION =
  "Every option may also come from the environment (FFCLUSTER_ and its name in upper case with underscores) " +
  `or from ${CONFIG_FILE_NAME} in the current folder; flags win over environment, environment over file.`;

export function commandHelp(command: Command, columns: number): string {
  const positionals = command.positionals.map(({ name, description }) => [name, description] as const);
  const options = Object.entries(command.options).map(
    ([name, option]) => [formOf(name, option), meaningOf(option)] as const,
  );
  const call = ["ffcluster", ...command.path, ...positionals.map(([name]) => name), "[OPTIONS]"].join(" ");
  const examples = command.examples.map((example) => `  ${example}\n`).join("");
  return [
    paragraph(command.summary, columns),
    `USAGE  ${call}\n`,
    ...(positionals.length === 0 ? [] : [`ARGUMENTS\n\n${hanging(positionals, columns)}`]),
    `OPTIONS\n\n${hanging([...options, ["-h, --help", "Show this help"]], columns)}`,
    `EXAMPLES\n\n${examples}`,
    paragraph(CONFIGURATION, columns),
  ].join("\n");
}

const START = [
  ["ffcluster serve", "on one machine"],
  ["ffcluster join --server HOST:5001", "on each machine that should encode"],
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
