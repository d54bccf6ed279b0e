import { expect, test } from "bun:test";
import { commandPaths } from "./registry.ts";
import { unknownCommand } from "./unknown-command.ts";

test("a verb under the wrong noun, alone or in other words gets the command that is meant", () => {
  const cases: [string, string | undefined, string][] = [
    ["jobs", "cancel", "`ffcluster cancel`"],
    ["clients", "cancel", "`ffcluster cancel`"],
    ["jobs", "pause", "`ffcluster clients pause`"],
    ["clients", "retry", "`ffcluster jobs retry`"],
    ["list", undefined, "`ffcluster jobs list` or `ffcluster clients list`"],
    ["ls", undefined, "`ffcluster jobs list`"],
    ["job", "list", "`ffcluster jobs list`"],
    ["jobs", "ls", "`ffcluster jobs list`"],
    ["nodes", undefined, "`ffcluster clients list`"],
    ["jobs", "stop", "`ffcluster cancel`"],
    ["encode", undefined, "`ffcluster submit`"],
    ["jobs", "shwo", "`ffcluster jobs show`"],
    ["token", "delete", "`ffcluster token revoke`"],
    ["webhooks", "rm", "`ffcluster webhooks remove`"],
    ["sumbit", undefined, "`ffcluster submit`"],
  ];
  for (const [first, second, meant] of cases) {
    expect(unknownCommand(first, second, commandPaths()).hint).toStartWith(`Did you mean ${meant}`);
  }
});

test("what resembles nothing gets the list alone", () => {
  const error = unknownCommand("constructor", undefined, commandPaths());
  expect([error.message, error.hint]).toEqual(['unknown command "constructor"', "`ffcluster --help` lists them."]);
});
