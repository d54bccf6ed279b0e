// ffcluster(1), written from the commands as they are declared, in the man macros (groff_man(7)).
import CONFIG from "../docs/CONFIG.md" with { type: "text" };
import type { Option } from "../src/base/config/option.ts";
import type { Command } from "../src/commands/cli/command.ts";
import { groupedOptions } from "../src/commands/help/option-groups.ts";
import { optionMeaning } from "../src/commands/help/option-words.ts";
import { sectionOf } from "../src/commands/output/markdown-text.ts";

/** Plain text: a hyphen that is typed as one, and no line that begins with a request. */
function text(plain: string): string {
  return plain
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^([.'])/gm, "\\&$1");
}

function synopsis({ path, positionals }: Command): string {
  const operands = positionals.map(({ name, isRest }) => (isRest === true ? ` [${name}]` : ` ${name}`)).join("");
  return `.B ffcluster ${text(path.join(" "))}\n${text(`[OPTIONS]${operands}`)}\n`;
}

function optionText([name, option]: readonly [string, Option<unknown>]): string {
  const isOn = option.kind === "switch" && option.fallback === true;
  const names = isOn ? [name, `no-${name}`] : [name];
  const long = names.map((each) => `\\fB\\-\\-${text(each)}\\fR`).join(", ");
  const short = option.alias === null ? "" : `\\fB\\-${option.alias}\\fR, `;
  const value = option.kind === "switch" ? "" : ` \\fI${text(option.valueName)}\\fR`;
  return `.TP\n${short}${long}${value}\n${text(optionMeaning(option))}\n`;
}

function commandSection(command: Command): string {
  const operands = command.positionals.map(
    ({ name, description }) => `.TP\n\\fI${text(name)}\\fR\n${text(description)}\n`,
  );
  return (
    `.SS ${text(command.path.join(" "))}\n${text(command.summary)}.\n` +
    operands.join("") +
    groupedOptions(command.options)
      .map(({ title, options }) => `.PP\n${text(title)}:\n${options.map(optionText).join("")}`)
      .join("")
  );
}

/** Rows of two cells of the table below a heading, as plain text. */
function pairsBelow(heading: string): (readonly [string, string])[] {
  return sectionOf(CONFIG, heading)
    .split("\n")
    .filter((line) => /^\| \d/.test(line))
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .map(([, term = "", meaning = ""]) => [term, meaning] as const);
}

const FILES = [
  ["ffcluster.config.json", "Options by their names, in the current folder."],
  ["~/.config/ffcluster", "Tokens and certificates of servers ($XDG_CONFIG_HOME)."],
  ["~/.local/share/ffcluster/ffmpeg", "What ffcluster ffmpeg install brought ($XDG_DATA_HOME)."],
] as const;

const pairs = (list: readonly (readonly [string, string])[]) =>
  list.map(([term, meaning]) => `.TP\n.B ${text(term)}\n${text(meaning)}\n`).join("");

/** `date`: of the version, as the page's foot shows it. */
export function manPage(commands: readonly Command[], version: string, date: Date): string {
  const examples = commands.flatMap((command) => command.examples);
  return `.TH FFCLUSTER 1 "${date.toISOString().slice(0, 10)}" "ffcluster ${text(version)}" "User Commands"
.SH NAME
ffcluster \\- one video, many machines, one exact file back
.SH SYNOPSIS
${commands.map(synopsis).join(".br\n")}.SH DESCRIPTION
ffcluster splits the encode of one video over many machines and joins the results.
.B serve
runs the server,
.B join
lends a machine to it,
.B submit
hands in a video.
Each source frame is encoded exactly once, at its exact time, and a proof says so.
.PP
Every option can also be set in the environment, as FFCLUSTER_ and its name in upper case with underscores, or in
.IR ffcluster.config.json .
Flags win over the environment, and that over the file.
.SH COMMANDS
${commands.map(commandSection).join("")}.SH EXIT STATUS
${pairs(pairsBelow("## Exit codes"))}.SH FILES
${pairs(FILES)}.SH EXAMPLES
.nf
${text(examples.join("\n"))}
.fi
.SH SEE ALSO
.BR ffmpeg (1)
`;
}
