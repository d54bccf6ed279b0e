// The completion script for fish.
import { byFirstWord, type Completable, type Flag, groupSummary, type ValueKind } from "./words.ts";

const quoted = (text: string) => `'${text.replace(/['\\]/g, "\\$&")}'`;
const at = (path: readonly string[]) => quoted(`__ffcluster_at ${path.join(" ")}`);

function takes(kind: ValueKind): string {
  if (kind === "file") return " -F";
  if (kind === "folder") return " -a '(__fish_complete_directories)'";
  return kind === "any" ? "" : ` -a ${quoted(kind.join(" "))}`;
}

function flagLine(path: readonly string[], { text, description, value }: Flag): string {
  const name = text.startsWith("--") ? `-l ${text.slice(2)}` : `-s ${text.slice(1)}`;
  const argument = value === null ? "" : ` -x${takes(value.kind)}`.replace("-x -F", "-r -F");
  return `complete -c ffcluster -n ${at(path)} ${name}${argument} -d ${quoted(description)}\n`;
}

function commandLines({ path, flags, positionals }: Completable): string {
  const [first] = positionals;
  const operand =
    first === undefined || first.kind === "any" ? "" : `complete -c ffcluster -n ${at(path)}${takes(first.kind)}\n`;
  return operand + flags.map((flag) => flagLine(path, flag)).join("");
}

export function fishScript(commands: readonly Completable[]): string {
  const groups = byFirstWord(commands);
  const first = [...groups].map(
    ([word, each]) => `complete -c ffcluster -n __ffcluster_first -a ${word} -d ${quoted(groupSummary(each))}\n`,
  );
  const seconds = commands.flatMap(({ path: [group = "", word], summary }) =>
    word === undefined
      ? []
      : [`complete -c ffcluster -n ${quoted(`__ffcluster_only ${group}`)} -a ${word} -d ${quoted(summary)}\n`],
  );
  return `# Completion of ffcluster for fish.
function __ffcluster_first
    test (count (commandline -opc)) -eq 1
end
# The words so far are these, and no more.
function __ffcluster_only
    set -l given (commandline -opc)
    test (count $given) -eq (math (count $argv) + 1); and test "$given[2..-1]" = "$argv"
end
# The words so far begin with these.
function __ffcluster_at
    set -l given (commandline -opc)
    set -l last (math (count $argv) + 1)
    test (count $given) -ge $last; and test "$given[2..$last]" = "$argv"
end
complete -c ffcluster -f
${first.join("")}${seconds.join("")}${commands.map(commandLines).join("")}`;
}
