// The options of every command as Markdown, from the commands as they are declared: a part of docs/CONFIG.md.
import type { Option } from "../src/base/config/option.ts";
import { environmentNameOf } from "../src/base/config/resolve-options.ts";
import type { Command } from "../src/commands/cli/command.ts";

export const BEGIN =
  "<!-- From the commands as they are declared: `npx bun packaging/write-docs.ts` writes this part. -->";
export const END = "<!-- The end of that part. -->";

/** One that so many commands have is described once. */
const SHARED_BY = 4;

type Named = readonly [string, Option<unknown>];

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}

function row([name, option]: Named): string {
  const isSwitch = option.kind === "switch";
  const words = option.choices?.join(" \\| ") ?? cell(option.valueName);
  const short = option.alias === null ? "" : `\`-${option.alias}\`, `;
  const value = isSwitch ? "" : ` ${words}`;
  const fallback = isSwitch ? String(option.fallback) : (option.defaultText ?? "");
  return `| ${short}\`--${name}\`${value} | ${cell(fallback)} | ${cell(option.description)} |\n`;
}

const table = (options: readonly Named[]) =>
  `| option | default | meaning |\n|---|---|---|\n${options.map(row).join("")}`;

/** By the declaration, so that two options of one name with other meanings stay apart. */
function sharedOptions(commands: readonly Command[]): readonly Named[] {
  const users = new Map<Option<unknown>, { readonly name: string; count: number }>();
  for (const [name, option] of commands.flatMap(({ options }) => Object.entries(options))) {
    const user = users.get(option) ?? { name, count: 0 };
    user.count++;
    users.set(option, user);
  }
  return [...users].flatMap(([option, { name, count }]) => (count >= SHARED_BY ? [[name, option] as const] : []));
}

function commandPart(command: Command, shared: ReadonlySet<Option<unknown>>): string {
  const operands = command.positionals
    .map(({ name, isRest }) => (isRest === true ? ` [${name}]` : ` ${name}`))
    .join("");
  const all = Object.entries(command.options);
  const own = all.filter(([, option]) => !shared.has(option));
  const others = all.filter(([, option]) => shared.has(option)).map(([name]) => `\`--${name}\``);
  return [
    `### ffcluster ${command.path.join(" ")}${operands}`,
    `${command.summary}.`,
    ...(own.length > 0 ? [table(own).trimEnd()] : []),
    ...(others.length > 0 ? [`${own.length > 0 ? "Also" : "It takes"} ${others.join(", ")}.`] : []),
  ].join("\n\n");
}

/** What stands between `BEGIN` and `END`. */
export function optionTables(commands: readonly Command[]): string {
  const shared = sharedOptions(commands);
  const variable = environmentNameOf("work-dir");
  return `\n${[
    `The variable of an option is its name as in \`${variable}\` for \`--work-dir\`, unless another one stands there.`,
    "### Options of many commands",
    table(shared).trimEnd(),
    ...commands.map((command) => commandPart(command, new Set(shared.map(([, option]) => option)))),
  ].join("\n\n")}\n\n`;
}

/** Puts the tables into the page. Errors: a plain one where the page has no place for them. */
export function withOptionTables(page: string, commands: readonly Command[]): string {
  const begin = page.indexOf(`${BEGIN}\n`);
  const end = page.indexOf(END);
  if (begin === -1 || end < begin) throw new Error("docs/CONFIG.md has no place for the options");
  return page.slice(0, begin + BEGIN.length + 1) + optionTables(commands) + page.slice(end);
}
