// docs/CONFIG.md says of every option what the commands declare.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { BEGIN, END, withOptionTables } from "../../packaging/option-tables.ts";
import { loadAllCommands } from "../../src/commands/cli/registry.ts";

const commands = await loadAllCommands();

test("the page is as `npx bun packaging/write-docs.ts` writes it", async () => {
  const page = await Bun.file(join(import.meta.dir, "../../docs/CONFIG.md")).text();
  expect(withOptionTables(page, commands)).toBe(page);
});

test("every option is in it, with its default; what was there before is replaced", () => {
  const page = withOptionTables(`# A\n${BEGIN}\nwas here\n${END}\nafter\n`, commands);
  expect(page).not.toContain("was here");
  expect(page).toEndWith(`\n${END}\nafter\n`);
  for (const { options } of commands) {
    for (const name of Object.keys(options)) expect(page).toContain(`\`--${name}\``);
  }
  expect(page).toContain("| `--port` PORT | 5001 |");
  expect(page).toContain("fast \\| full");
  expect(withOptionTables(page, commands)).toBe(page);
  expect(() => withOptionTables("# A\n", commands)).toThrow("no place");
});
