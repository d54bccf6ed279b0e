// Help: every command and option in it, within the terminal's width, from the declarations and documents alone.
import { expect, test } from "bun:test";
import { loadAllCommands } from "../cli/registry.ts";
import { markdownText, sectionOf } from "../output/markdown-text.ts";
import { commandHelp, groupHelp } from "./command-help.ts";
import { helpFor } from "./help-for.ts";
import { groupedOptions } from "./option-groups.ts";
import { optionMeaning, optionTerm } from "./option-words.ts";
import { TOPIC_NAMES } from "./topics.ts";

/** Lines to paste stay whole. */
const isPasted = (line: string) => /^ {2}(ffcluster|eval|FFCLUSTER_)/.test(line);

test("help of each command fits a narrow terminal, names every option, and begins with examples", async () => {
  for (const command of await loadAllCommands()) {
    const help = await commandHelp(command, 60);
    for (const line of help.split("\n")) if (!isPasted(line)) expect(line.length).toBeLessThan(61);
    for (const name of Object.keys(command.options)) expect(help).toContain(`--${name}`);
    for (const example of command.examples) expect(help).toContain(example);
    expect(help.indexOf("EXAMPLES")).toBeLessThan(help.indexOf("USAGE"));
  }
});

test("commands with many options have them under headings, and none under another's", async () => {
  for (const { path, options } of await loadAllCommands()) {
    const groups = groupedOptions(options);
    expect(groups.flatMap((group) => group.options.map(([name]) => name)).sort()).toEqual(Object.keys(options).sort());
    if (Object.keys(options).length > 13) expect([path, groups[0]?.title]).not.toEqual([path, "Options"]);
  }
});

test("an option and its default have one form", async () => {
  const serve = (await loadAllCommands()).find(({ path }) => path[0] === "serve");
  const shown = (name: string) => {
    const option = serve?.options[name];
    return option === undefined ? null : [optionTerm(name, option), optionMeaning(option).slice(-30)];
  };
  expect(shown("announce")).toEqual(["--announce, --no-announce", expect.stringMatching(/\(default: on\)$/)]);
  expect(shown("port")).toEqual(["--port PORT", expect.stringMatching(/\(default: 5001\)$/)]);
});

test("all commands, a group, a command, a topic; what is unknown gets the nearest name", async () => {
  const commands = await loadAllCommands();
  const help = (words: readonly string[], columns = 80) => helpFor(words, commands, columns);
  const all = await help([], 60);
  for (const line of all.split("\n")) expect(line.length).toBeLessThan(61);
  for (const { path } of commands) expect(all).toContain(`  ${path.join(" ")}`);
  expect(groupHelp("jobs", commands, 80)).not.toContain("clients list");
  expect(await help(["jobs", "list"])).toContain("ffcluster jobs list [OPTIONS]");
  expect(await help(["presets"])).toContain("web-1080p-h264");
  expect(await help(["exit-codes"])).toMatch(/ {2}130 +interrupted/);
  expect(await help(["formats"])).toContain("webm");
  expect(await help(["filters"])).toContain("yadif");
  const refused = (words: readonly string[]) => help(words).catch((thrown) => thrown.hint);
  expect(await refused(["exitcodes"])).toContain("Did you mean `ffcluster help exit-codes`?");
  expect(await refused(["jobs", "lst"])).toContain("Did you mean `ffcluster help jobs list`?");
  expect(await refused(["xyzzy"])).toContain("topics: presets, formats");
});

test.each([40, 80, 200])("every topic fits %i columns", async (columns) => {
  for (const name of TOPIC_NAMES) {
    const text = await helpFor([name], [], columns);
    expect(text.length).toBeGreaterThan(100);
    // A word that is longer than a line, such as a path, stays whole.
    for (const line of text.split("\n"))
      if (line.trim().includes(" ") && !line.startsWith("  "))
        expect(line.length).toBeLessThan(Math.max(columns, 40) + 1);
  }
});

test("Markdown as text: headings, lists, tables, code, links", () => {
  const markdown =
    "## A *heading*\n\nSee [this](x.md), **now**.\nMore.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| `x` | y \\| z |\n\n```\n{ }\n```\n";
  expect(markdownText(markdown, 40)).toBe(
    "A *HEADING*\n\nSee this, now. More.\n\n  -  one\n  -  two\n\n  x  y | z\n\n  { }\n",
  );
  expect(sectionOf("# T\n\n## A\n\none\n\n### Deeper\n\ntwo\n\n## B\n\nthree\n", "## A")).toBe(
    "one\n\n### Deeper\n\ntwo",
  );
});
