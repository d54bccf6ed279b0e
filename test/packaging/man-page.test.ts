// The manual has every command and option, and is read by groff without a word.
import { expect, test } from "bun:test";
import { manPage } from "../../packaging/man-page.ts";
import { loadAllCommands } from "../../src/commands/cli/registry.ts";

const commands = await loadAllCommands();
const page = manPage(commands, "1.2.3", new Date("2026-01-02T03:04:05Z"));

test("every command and option, and nothing that groff takes for a request", () => {
  for (const { path, options } of commands) {
    const [, section = ""] = page.split(`\n.SS ${path.join(" ").replaceAll("-", "\\-")}\n`);
    const own = section.split(/^\.S[SH] /m)[0] ?? "";
    for (const [name, { kind, fallback }] of Object.entries(options)) {
      const shown = kind === "switch" && fallback === true ? `no-${name}` : name;
      expect(own).toContain(`\\fB\\-\\-${shown.replaceAll("-", "\\-")}\\fR`);
    }
  }
  expect(page.match(/^\.(?!TH |SH |SS |TP$|B |BR |IR |br$|PP$|nf$|fi$).*/gm)).toBeNull();
  expect(page.match(/^'.*/gm)).toBeNull();
});

test.skipIf(Bun.which("groff") === null)("groff has nothing to say about it", () => {
  const { exitCode, stdout, stderr } = Bun.spawnSync(["groff", "-man", "-Tutf8", "-ww", "-z"], {
    stdin: Buffer.from(page),
  });
  expect({ exitCode, said: stdout.toString() + stderr.toString() }).toEqual({ exitCode: 0, said: "" });
});
