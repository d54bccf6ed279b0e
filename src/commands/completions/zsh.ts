// The completion script for zsh, named _ffcluster in a folder of fpath.
import { byFirstWord, type Completable, type Flag, groupSummary, type ValueKind } from "./words.ts";

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
/** Text inside a spec of _arguments or _describe, where these signs mean something. */
const escaped = (text: string) => text.replace(/[\\:[\]]/g, "\\$&");

function action(kind: ValueKind): string {
  if (kind === "file") return "_files";
  if (kind === "folder") return "_files -/";
  return kind === "any" ? " " : `(${kind.join(" ")})`;
}

function flagSpec({ text, description, value, isRepeatable }: Flag): string {
  const name = `${isRepeatable ? "*" : ""}${text}`;
  if (value === null) return quoted(`${name}[${escaped(description)}]`);
  const joint = text.startsWith("--") ? "=" : "+";
  return quoted(`${name}${joint}[${escaped(description)}]:${escaped(value.name)}:${action(value.kind)}`);
}

function commandCase({ path, flags, positionals }: Completable): string {
  const specs = [
    ...flags.map(flagSpec),
    ...positionals.map(({ name, kind, isRest }) => quoted(`${isRest ? "*" : ""}:${escaped(name)}:${action(kind)}`)),
  ];
  return `    (${quoted(path.join(" "))}) _arguments ${specs.map((spec) => `\\\n      ${spec}`).join(" ")} ;;\n`;
}

function described(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([word, meaning]) => quoted(`${escaped(word)}:${escaped(meaning)}`)).join(" ");
}

export function zshScript(commands: readonly Completable[]): string {
  const groups = byFirstWord(commands);
  const first = [...groups].map(([word, each]) => [word, groupSummary(each)] as const);
  const cases = [...groups].flatMap(([word, each]) => {
    if (each.every(({ path }) => path.length === 1)) return [];
    const seconds = described(each.map(({ path, summary }) => [path[1] ?? "", summary]));
    return [
      `    (${word})\n      if (( CURRENT == 3 )); then\n        choices=(${seconds})\n` +
        `        _describe command choices\n        return\n      fi\n      line="$line $words[3]"\n      skip=2 ;;\n`,
    ];
  });
  return `#compdef ffcluster
# Completion of ffcluster for zsh.
_ffcluster() {
  local line=$words[2] skip=1
  local -a choices
  if (( CURRENT == 2 )); then
    choices=(${described(first)})
    _describe command choices
    return
  fi
  case $line in
${cases.join("")}  esac
  shift $skip words
  (( CURRENT -= skip ))
  case $line in
${commands.map(commandCase).join("")}  esac
}
if [ "$funcstack[1]" = _ffcluster ]; then _ffcluster "$@"; else compdef _ffcluster ffcluster; fi
`;
}
