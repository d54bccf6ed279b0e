// Every command line of ours in the documents is one that the program takes: the command is there, so are its options, and
// nothing is missing or too much.
import { expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { checkArgv } from "../../src/base/config/check-argv.ts";
import { loadCommand } from "../../src/commands/cli/registry.ts";

const REPOSITORY = resolve(import.meta.dir, "../..");
const DOCUMENTS = [...new Bun.Glob("docs/**/*.md").scanSync({ cwd: REPOSITORY }), "README.md", "SECURITY.md"];
/** As each system writes it, and behind a program that starts it. */
const LINE = /^(?:[A-Z_]+=\S+ )*(?:sudo |caffeinate -i )*(?:\S*[/\\])?ffcluster(?:\.exe)? (?<rest>.+)$/;

/** Words as a shell splits them; a comment ends them. */
function words(line: string): string[] {
  const found = line.matchAll(/"([^"]*)"|'([^']*)'|(#.*)|(\S+)/g);
  return [...found].flatMap(([, double, single, comment, bare]) =>
    comment === undefined ? [double ?? single ?? bare ?? ""] : [],
  );
}

interface CommandLine {
  readonly text: string;
  /** It stands in a sentence, where a command without anything after it is a name. */
  readonly isInSentence: boolean;
}

function linesOf(text: string): CommandLine[] {
  const blocks = [...text.matchAll(/^ *```(?:sh|bat)?\n(.*?)^ *```/gms)].flatMap(([, block = ""]) => block.split("\n"));
  const code = [...text.matchAll(/`((?:caffeinate -i )?(?:\.[/\\])?ffcluster(?:\.exe)? [^`]+)`/g)];
  const ours = (lines: readonly string[], isInSentence: boolean) =>
    lines.flatMap((line) => {
      const rest = LINE.exec(line.trim())?.groups?.rest;
      return rest === undefined ? [] : [{ text: rest, isInSentence }];
    });
  return [
    ...ours(blocks, false),
    ...ours(
      code.map(([, line = ""]) => line),
      true,
    ),
  ];
}

/** Null: it is taken. `--help`, `--version` and placeholders of whole commands are nobody's options. */
async function objection({ text, isInSentence }: CommandLine): Promise<string | null> {
  const argv = words(text);
  if (/^(?:--version|help|COMMAND|<command>|__exec)$/.test(argv[0] ?? "") || /[…[|]/.test(text)) return null;
  const pair = await loadCommand(argv.slice(0, 2).join(" "));
  const command = pair ?? (await loadCommand(argv[0] ?? ""));
  if (command === null) return "there is no such command";
  if (isInSentence && argv.length === command.path.length) return null;
  try {
    checkArgv(argv.slice(command.path.length), { ...command, command: "ffcluster" });
    return null;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

test("they are found", () => {
  expect(linesOf("```sh\n./ffcluster join --server x   # why\n```\n`ffcluster invite`")).toEqual([
    { text: "join --server x   # why", isInSentence: false },
    { text: "invite", isInSentence: true },
  ]);
  expect(words('submit a -o "b c" # not this')).toEqual(["submit", "a", "-o", "b c"]);
});

test.each(DOCUMENTS)("%s", async (document) => {
  const lines = linesOf(await Bun.file(join(REPOSITORY, document)).text());
  const refused = await Promise.all(lines.map(async (line) => ({ line, why: await objection(line) })));
  expect(refused.filter(({ why }) => why !== null)).toEqual([]);
});
