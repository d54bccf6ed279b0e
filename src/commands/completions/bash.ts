// The completion script for bash, 3.2 or newer. Where it offers nothing, bash offers files.
import { byFirstWord, type Completable, type ValueKind } from "./words.ts";

const quoted = (words: readonly string[]) => `'${words.join(" ")}'`;

function offer(kind: ValueKind): string {
  return typeof kind === "string" ? "return" : `words=${quoted(kind)}`;
}

/** The cases of one command: after an option its values, else its options and its first positional's words. */
function commandCase({ path, flags, positionals }: Completable): string {
  const values = flags.flatMap(({ text, value }) =>
    value === null ? [] : [`        ${text}) ${offer(value.kind)} ;;\n`],
  );
  const [first] = positionals;
  const words = first !== undefined && typeof first.kind !== "string" ? first.kind : [];
  const options = quoted(flags.map(({ text }) => text));
  return (
    `    '${path.join(" ")}')\n` +
    `      case "$prev" in\n${values.join("")}` +
    `        *) if [[ $cur == -* ]]; then words=${options}; else words=${quoted(words)}; fi ;;\n` +
    `      esac ;;\n`
  );
}

export function bashScript(commands: readonly Completable[]): string {
  const groups = byFirstWord(commands);
  const cases = [...groups].flatMap(([first, each]) => {
    const seconds = each.flatMap(({ path }) => path.slice(1));
    return seconds.length === 0
      ? []
      : [
          `    ${first}) if ((COMP_CWORD == 2)); then words=${quoted(seconds)}; else line="$line \${COMP_WORDS[2]}"; fi ;;\n`,
        ];
  });
  return `# Completion of ffcluster for bash.
_ffcluster() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} line=\${COMP_WORDS[1]} words=
  # \`--x=y\` comes as three words.
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W ${quoted([...groups.keys(), "--help", "--version"])} -- "$cur"))
    return
  fi
  case "$line" in
${cases.join("")}  esac
  if [[ -n $words ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    return
  fi
  case "$line" in
${commands.map(commandCase).join("")}  esac
  [[ -n $words ]] && COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _ffcluster ffcluster
`;
}
