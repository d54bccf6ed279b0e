// Completions: each shell that is here runs its script and is asked what it would offer.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadAllCommands } from "../cli/registry.ts";
import { completionScript, SHELLS } from "./completions.ts";
import { completable } from "./words.ts";

let folder: string;
const commands = await loadAllCommands();
const pathOf = (shell: string) => join(folder, `script.${shell}`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-completions-"));
  for (const shell of SHELLS) await writeFile(pathOf(shell), completionScript(shell, commands));
});
afterAll(() => rm(folder, { recursive: true }));

/** What is offered for a line that stops behind its last character, by the shell itself. */
const ASK: Readonly<Record<string, (line: string) => string>> = {
  bash: (line) => {
    // As readline hands it over: `=` is a word of its own.
    const words = line.split(/ |(?==)|(?<==)/);
    const array = words.map((word) => `'${word}'`).join(" ");
    return `COMP_WORDS=(${array}); COMP_CWORD=${words.length - 1}; _ffcluster; printf '%s\\n' "\${COMPREPLY[@]}"; echo ---`;
  },
  fish: (line) => `complete -C ${JSON.stringify(line)}; echo ---`,
};

const CASES: readonly (readonly [string, readonly string[]])[] = [
  ["ffcluster ser", ["serve", "service"]],
  ["ffcluster jobs sh", ["show"]],
  ["ffcluster clients res", ["resume"]],
  ["ffcluster submit --ffm", ["--ffmpeg-params"]],
  ["ffcluster serve --no-e", ["--no-exactly"]],
  ["ffcluster serve --verify f", ["fast", "full"]],
  ["ffcluster jobs list --status Comp", ["Completed"]],
  ["ffcluster service install se", ["serve"]],
  ["ffcluster token create --role ", ["admin", "submit", "client", "read"]],
];

describe.each(Object.entries(ASK))("%s", (shell, ask) => {
  test.skipIf(Bun.which(shell) === null)("offers commands, options and their values", async () => {
    const lines = [`source ${pathOf(shell)}`, ...CASES.map(([line]) => ask(line))].join("\n");
    const { stdout, stderr } = Bun.spawnSync([shell, "-c", lines]);
    expect(stderr.toString()).toBe("");
    const offered = stdout.toString().split("---\n").slice(0, -1);
    // fish adds what a word means, after a tab.
    const words = offered.map((text) =>
      text
        .split("\n")
        .map((line) => line.split("\t")[0] ?? "")
        .filter(Boolean),
    );
    expect(words.map((each) => each.toSorted())).toEqual(CASES.map(([, want]) => want.toSorted()));
  });
});

test.skipIf(Bun.which("bash") === null)("bash: a value after = is offered too, and a file is left to bash", () => {
  const lines = [
    `source ${pathOf("bash")}`,
    ...["ffcluster serve --verify=fu", "ffcluster serve --tls-cert "].map(ASK.bash ?? String),
  ];
  const { stdout } = Bun.spawnSync(["bash", "-c", lines.join("\n")]);
  expect(stdout.toString()).toBe("full\n---\n\n---\n");
});

test.skipIf(Bun.which("zsh") === null)("zsh reads its script", () => {
  const { exitCode, stderr } = Bun.spawnSync(["zsh", "-n", pathOf("zsh")]);
  expect({ exitCode, stderr: stderr.toString() }).toEqual({ exitCode: 0, stderr: "" });
});

/** What PowerShell itself would offer for a line; it takes seconds to start. */
test.skipIf(Bun.which("pwsh") === null)(
  "PowerShell offers commands, options and their values",
  () => {
    const asked = [...CASES.map(([line]) => line), "ffcluster serve --verify=fu"].map((line) => {
      const text = `'${line}'`;
      return `(TabExpansion2 ${text} ${line.length}).CompletionMatches | ForEach-Object { $_.CompletionText }; '---'`;
    });
    const lines = [`. ([ScriptBlock]::Create((Get-Content -Raw '${pathOf("powershell")}')))`, ...asked].join("\n");
    const { stdout, stderr } = Bun.spawnSync(["pwsh", "-NoProfile", "-NonInteractive", "-Command", lines]);
    expect(stderr.toString()).toBe("");
    const offered = stdout.toString().split("---\n").slice(0, -1);
    const words = offered.map((text) => text.split("\n").filter(Boolean).toSorted());
    expect(words).toEqual([...CASES.map(([, want]) => want.toSorted()), ["--verify=full"]]);
  },
  60_000,
);

test("PowerShell: the tables name each line once, and an apostrophe ends no text", () => {
  const script = completionScript("powershell", commands);
  for (const table of script.split(/^ {2}\$\w+ = /m).slice(1)) {
    const keys = [...table.matchAll(/^ {4}'((?:[^']|'')*)' =/gm)].map((match) => match[1]);
    expect(keys).toEqual([...new Set(keys)]);
  }
  for (const line of script.split("\n")) expect((line.match(/'/g) ?? []).length % 2).toBe(0);
});

test("every command and option is in every script", () => {
  for (const shell of SHELLS) {
    const script = completionScript(shell, commands);
    for (const { path, flags } of commands.map(completable)) {
      expect(script).toContain(path.join(" "));
      for (const { text } of flags) expect(script).toContain(shell === "fish" ? text.replace(/^--?/, "") : text);
    }
  }
});

test("zsh completes every further file of submit", () => {
  const script = completionScript("zsh", commands);
  expect(script).toMatch(/'\*:MORE:_files'/);
});
