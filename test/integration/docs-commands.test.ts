// Every command line of ours in the documents is one that the program takes: the command is there, so are its options, their
// values are good, and nothing is missing or too much. So is every `npm run`.
import { expect, test } from "bun:test";
import { join, resolve } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { type CommandLine, commandLines, complaints, shellBlocks } from "../support/command-lines.ts";

const REPOSITORY = resolve(import.meta.dir, "../..");
const listed = (pattern: string) => [...new Bun.Glob(pattern).scanSync({ cwd: REPOSITORY, dot: true })];
const DOCUMENTS = [...listed("{docs,packaging,.github}/**/*.md"), "README.md", "SECURITY.md"];
/** In a sentence: what it would do with another line, or a part of one. */
const IS_PARTIAL = /[…[]/;

/** Command lines in sentences. Those without anything behind the command are names. */
function inSentences(markdown: string): CommandLine[] {
  const spans = [
    ...markdown.replace(/^ *```.*?^ *```/gms, "").matchAll(/`((?:[^`\n]* )?(?:\.[/\\])?ffcluster(?:\.exe)? [^`]+)`/g),
  ];
  return spans
    .map(([, span = ""]) => span)
    .filter((span) => !IS_PARTIAL.test(span))
    .flatMap((span) => commandLines(span.replaceAll("\\", "/")))
    .filter(({ words }) => words.some((word) => word.startsWith("-")));
}

test("they are found, and what is wrong with them", async () => {
  const text = [
    "```sh",
    "sudo ./ffcluster join --server x --sots 2   # why",
    "FFCLUSTER_KEP=7d ffcluster serve --keep 7y | tee log",
    "docker compose exec server ffcluster jobs show",
    "```",
    "```bat",
    ".\\ffcluster.exe submit C:\\a.mp4 -o b.mp4 --verify fst",
    "```",
  ].join("\n");
  const lines = shellBlocks(text).flatMap(commandLines);
  expect((await Promise.all(lines.map(complaints))).flat()).toEqual([
    "ffcluster join --server x --sots 2: unknown option --sots",
    expect.stringContaining("ffcluster serve --keep 7y: --keep expected"),
    "FFCLUSTER_KEP is no option of serve",
    expect.stringContaining("ffcluster jobs show: ID is missing"),
    "ffcluster submit C:/a.mp4 -o b.mp4 --verify fst: --verify expected one of fast, full",
  ]);
  expect(inSentences("Run `ffcluster invite`, `ffcluster submit --on-server` or `ffcluster join …`.")).toEqual([
    { words: ["submit", "--on-server"], variables: new Map() },
  ]);
});

test.each(DOCUMENTS)("%s", async (document) => {
  const text = await Bun.file(join(REPOSITORY, document)).text();
  const whole = await Promise.all(shellBlocks(text).flatMap(commandLines).map(complaints));
  const parts = await Promise.all(inSentences(text).map(complaints));
  // A sentence may leave out the file that a command needs.
  expect([...whole.flat(), ...parts.flat().filter((each) => !each.includes(" is missing: "))]).toEqual([]);
  const scripts = [...text.matchAll(/npm run ([a-z][a-z:]*)/g)].map(([, name = ""]) => name);
  expect(scripts.filter((name) => !Object.hasOwn(packageJson.scripts, name))).toEqual([]);
});
