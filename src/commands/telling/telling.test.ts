import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../base/errors.ts";
import type { CommandContext } from "../cli/command.ts";
import { CommandFailure } from "../cli/command-failure.ts";
import { notificationCommand } from "./notify.ts";
import { splitCommand } from "./split-command.ts";
import { endedBy, tellEnded } from "./tell-ended.ts";

describe("a command line is split as a shell would, and nothing of it is expanded", () => {
  const cases: [string, readonly string[] | null][] = [
    ["", []],
    ["  mv  a b ", ["mv", "a", "b"]],
    [`say "a b" 'c "d"' e\\ f`, ["say", "a b", 'c "d"', "e f"]],
    [`x "" ''`, ["x", "", ""]],
    ["rm -rf $HOME; *`id`", ["rm", "-rf", "$HOME;", "*`id`"]],
    [`C:\\bin\\done.exe "C:\\my files\\x"`, ["C:\\bin\\done.exe", "C:\\my files\\x"]],
    [`a 'b`, null],
    [`a "b`, null],
  ];
  for (const [text, words] of cases) test(text, () => expect(splitCommand(text)).toEqual(words));
});

describe("a notification's text is an argument, never code", () => {
  const find = (program: string) => `/bin/${program}`;
  const text = `"; do shell script "id" <b>&`;
  test("of notify-send, where there is a desktop", () => {
    const desktop = { platform: "linux", env: { DISPLAY: ":0" }, find } as const;
    expect(notificationCommand(desktop, "-t", text)).toEqual([
      ...["/bin/notify-send", "--app-name=ffcluster", "--", "-t", `"; do shell script "id" &lt;b&gt;&amp;`],
    ]);
    expect(notificationCommand({ ...desktop, env: {} }, "t", text)).toBeNull();
    expect(notificationCommand({ ...desktop, find: () => null }, "t", text)).toBeNull();
  });
  test("of osascript", () => {
    const command = notificationCommand({ platform: "darwin", env: {}, find }, "t", text);
    expect(command?.slice(-2)).toEqual(["t", text]);
    expect(command?.slice(0, -2).join(" ")).not.toContain("shell");
  });
  test("of PowerShell, by variables", () => {
    expect(notificationCommand({ platform: "win32", env: {}, find }, "t", text)?.join(" ")).not.toContain(
      "shell script",
    );
  });
});

const onUnix = process.platform === "win32" ? describe.skip : describe;
onUnix("whom the user named", () => {
  let folder = "";
  let said: string[] = [];
  let answered: string[] = [];
  const context = (isTty = false): CommandContext => ({
    env: { PATH: `${folder}:${process.env.PATH}`, DISPLAY: ":0" },
    cwd: folder,
    stdout: { isTty: false, columns: 80, write: (text) => void answered.push(text) },
    stderr: { isTty, columns: 80, write: (text) => void said.push(text) },
    isInteractive: false,
    signal: new AbortController().signal,
    setLastWords() {},
    allCommands: async () => [],
  });
  const program = async (name: string, script: string) => {
    await Bun.write(join(folder, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, name), 0o755);
  };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ffcluster-telling-"));
    said = [];
    answered = [];
  });
  afterEach(() => rm(folder, { recursive: true }));
  const done = { status: "completed", jobId: "j1", input: "/a/b c.mp4", output: "/o/b c.mkv", error: null } as const;
  const given = (line: string) => ({ notify: false, "on-complete": splitCommand(line), json: false });

  test("gets what happened in its environment, and its words as they are", async () => {
    await program(
      "hook",
      `printf '%s|' "$FFCLUSTER_STATUS" "$FFCLUSTER_JOB_ID" "$FFCLUSTER_INPUT" "$FFCLUSTER_OUTPUT" "$@" > out`,
    );
    await tellEnded(given(`hook "x y" '$HOME'`), done, context());
    expect(await Bun.file(join(folder, "out")).text()).toBe("completed|j1|/a/b c.mp4|/o/b c.mkv|x y|$HOME|");
    expect(said).toEqual([]);
  });

  test("fails: its exit code is said, and --json has an event of it", async () => {
    await program("hook", "exit 7");
    await tellEnded({ ...given("hook"), json: true }, done, context());
    expect(said.join("")).toContain("hook, ended with exit code 7");
    expect(JSON.parse(answered.join(""))).toMatchObject({ event: "on-complete", job_id: "j1", exit_code: 7 });
    await tellEnded(given("not-there"), done, context());
    expect(said.join("")).toContain("not-there, could not be started");
  });

  test("is shown a notification; where that fails the bell of a terminal rings", async () => {
    await program("notify-send", `printf '%s|' "$@" > '${join(folder, "shown")}'`);
    await tellEnded({ ...given(""), notify: true }, done, context(true));
    expect(await Bun.file(join(folder, "shown")).text()).toBe("--app-name=ffcluster|--|Video encoded|b c.mkv|");
    expect(said).toEqual([]);
    await program("notify-send", "exit 1");
    await tellEnded({ ...given(""), notify: true }, done, context(true));
    expect(said).toEqual(["\u0007"]);
  });
});

test("a failure is told with its error; an interrupted command has nothing to tell", () => {
  const body = { code: "E_ENCODE_FAILED", message: "no", hint: "" } as const;
  expect(endedBy(new CommandFailure("failed", "j", body), "a")).toMatchObject({
    status: "failed",
    jobId: "j",
    error: body,
  });
  expect(endedBy(new CommandFailure("cancelled", "j", body), "a")?.status).toBe("cancelled");
  expect(endedBy(new AppError("E_SOURCE_MISSING", "x", ""), "a")).toMatchObject({ status: "failed", jobId: null });
  expect(endedBy(new CommandFailure("interrupted", "j", body), "a")).toBeNull();
  expect(endedBy(new AppError("E_INTERRUPTED", "x", ""), "a")).toBeNull();
});
