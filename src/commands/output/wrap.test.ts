import { expect, test } from "bun:test";
import { commandHelp, groupHelp } from "../cli/help.ts";
import { loadAllCommands } from "../cli/registry.ts";
import { hanging, paragraph } from "./wrap.ts";

const PAIRS = [
  ["--short", "What it means, in a few more words than fit"],
  ["--a-term-that-is-longer-than-all-others-may-be", "Its meaning"],
] as const;

test("meanings stand beside their terms, or below them where there is little room", () => {
  expect(hanging(PAIRS, 43)).toBe(
    "  --short  What it means, in a few more\n           words than fit\n" +
      "  --a-term-that-is-longer-than-all-others-may-be\n           Its meaning\n",
  );
  expect(hanging([["--a-long-term", "What it means, in more words"]], 40)).toBe(
    "  --a-long-term\n      What it means, in more words\n",
  );
  expect(paragraph("one two three", 0)).toBe("one two three\n");
});

test("help fits a narrow terminal, and names every option", async () => {
  for (const command of await loadAllCommands()) {
    const help = await commandHelp(command, 60);
    const [explained = "", rest = ""] = help.split("EXAMPLES");
    for (const line of `${explained}${rest.split("\n\n").at(-1)}`.split("\n")) expect(line.length).toBeLessThan(61);
    for (const name of Object.keys(command.options)) expect(help).toContain(`--${name}`);
    for (const example of command.examples) expect(help).toContain(example);
  }
  for (const line of (await groupHelp(null, 60)).split("\n")) expect(line.length).toBeLessThan(61);
  expect(await groupHelp("jobs", 80)).not.toContain("clients");
});
