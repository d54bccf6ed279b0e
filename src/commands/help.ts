// Help that can be read cold. Usage of a command is rendered by citty from our declarations; examples and the words
// about environment and config file are added here.
import { stripVTControlCharacters } from "node:util";
import { type ArgsDef, type CommandDef, renderUsage } from "citty";
import { CONFIG_FILE_NAME } from "../base/config/config-file.ts";
import type { Option } from "../base/config/option.ts";
import { VERSION } from "../base/version.ts";
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

export async function commandHelp(command: Command): Promise<string> {
  const usage = stripVTControlCharacters(await renderUsage(toCitty(command)))
    .replace(/ +$/gm, "")
    .trim();
  const examples = command.examples.map((example) => `  ${example}\n`).join("");
  return (
    `${usage}\n\nEXAMPLES\n\n${examples}\n` +
    `Every option may also come from the environment (FFCLUSTER_ and its name in upper case with underscores)\n` +
    `or from ${CONFIG_FILE_NAME} in the current folder; flags win over environment, environment over file.\n`
  );
}

/** Help for everything, or for a group such as `jobs`. */
export async function groupHelp(group: string | null): Promise<string> {
  const all = await loadAllCommands();
  const shown = group === null ? all : all.filter((command) => command.path[0] === group);
  const calls = shown.map((command) => {
    const positionals = command.positionals.map(({ name }) => ` ${name}`).join("");
    return [`${command.path.join(" ")}${positionals}`, command.summary] as const;
  });
  const longest = Math.max(...calls.map(([call]) => call.length));
  const lines = calls.map(([call, summary]) => `  ${call.padEnd(longest)}  ${summary}\n`).join("");
  const name = group === null ? "ffcluster" : `ffcluster ${group}`;
  return (
    `ffcluster ${VERSION}: one video, many machines, one exact file back\n\n` +
    `USAGE  ${name} COMMAND [OPTIONS]\n\nCOMMANDS\n\n${lines}\n` +
    (group === null
      ? "START\n\n" +
        "  ffcluster serve                              on one machine\n" +
        "  ffcluster join --server HOST:5001            on each machine that should encode\n" +
        "  ffcluster submit input.mp4 --participate     from anywhere\n" +
        "  ffcluster jobs list\n\n"
      : "") +
    `\`${name} COMMAND --help\` explains a command.\n`
  );
}
