// Help for a command, for a group of them, and for all: from the commands as they are declared, for the width of a terminal.
// Examples come first: most people look for a line to change.
import { CONFIG_FILE_NAME } from "../../base/config/config-file.ts";
import { VERSION } from "../../base/version.ts";
import type { Command } from "../cli/command.ts";
import { hanging, paragraph } from "../output/wrap.ts";
import { groupedCommands } from "./command-groups.ts";
import { groupedOptions } from "./option-groups.ts";
import { optionMeaning, optionTerm } from "./option-words.ts";
import { usageLine } from "./usage-line.ts";

const CONFIGURATION =
  "Every option can also be set in the environment (FFCLUSTER_ and its name in upper case with underscores) " +
  `or in ${CONFIG_FILE_NAME} in the current folder; flags win over the environment, and that over the file ` +
  "(`ffcluster help config`).";

function section(title: string, body: string): string {
  return `${title.toUpperCase()}\n\n${body}`;
}

export async function commandHelp(command: Command, columns: number): Promise<string> {
  const groups = groupedOptions(command.options);
  const options = groups.map(({ title, options: members }) =>
    section(
      title,
      hanging(
        members.map(([name, option]) => [optionTerm(name, option), optionMeaning(option)]),
        columns,
      ),
    ),
  );
  return [
    paragraph(`${command.summary}.`, columns),
    section("Examples", command.examples.map((example) => `  ${example}\n`).join("")),
    section(
      "Usage",
      `  ${await usageLine(command)}\n` +
        (command.positionals.length === 0
          ? ""
          : `\n${hanging(
              command.positionals.map(({ name, description }) => [name, description]),
              columns,
            )}`),
    ),
    ...options,
    ...(groups.length === 0 ? [] : [paragraph(CONFIGURATION, columns)]),
  ].join("\n");
}

const START = [
  ["ffcluster serve", "on one machine; it prints the next line"],
  ["ffcluster join --server HOST:5001 --token TOKEN", "on each machine that should encode"],
  ["ffcluster submit input.mp4 --participate", "from anywhere"],
  ["ffcluster top", "shows what is going on"],
] as const;

function calls(commands: readonly Command[], columns: number): string {
  return hanging(
    commands.map((command) => {
      // What follows -- is in its own help.
      const shown = command.positionals.filter(({ isRest }) => isRest !== true).map(({ name }) => ` ${name}`);
      return [`${command.path.join(" ")}${shown.join("")}`, command.summary] as const;
    }),
    columns,
  );
}

/** Help for a group such as `jobs`. */
export function groupHelp(group: string, commands: readonly Command[], columns: number): string {
  const members = commands.filter(({ path }) => path[0] === group);
  return [
    section("Commands", calls(members, columns)),
    section("Usage", `  ffcluster ${group} COMMAND [OPTIONS]\n`),
    paragraph(`\`ffcluster ${group} COMMAND --help\` explains a command.`, columns),
  ].join("\n");
}

/** Help for everything. */
export function allHelp(commands: readonly Command[], topics: readonly string[], columns: number): string {
  return [
    paragraph(`ffcluster ${VERSION}: one video, many machines, one exact file back`, columns),
    section("Start", hanging(START, columns)),
    section("Usage", "  ffcluster COMMAND [OPTIONS]\n"),
    ...groupedCommands(commands).map(({ title, commands: members }) => section(title, calls(members, columns))),
    section("Topics", hanging([["", topics.join(", ")]], columns)),
    paragraph("`ffcluster COMMAND --help` explains a command, `ffcluster help TOPIC` a topic.", columns),
  ].join("\n");
}
