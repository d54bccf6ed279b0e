// Real children: what ends them, and what happens to one that nothing ends.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { until } from "../../../test/support/cluster.ts";
import { Lateness } from "../../../test/support/lateness.ts";
import { deathIn, deathWords } from "./death.ts";
import { selfCommand } from "./guard.ts";
import { createPauseSwitch } from "./pause.ts";
import { ProgramNotFound, runProcess } from "./run-process.ts";
import { STOPPED_WITHIN_MS } from "./terminate.ts";

const SHELL = "/bin/sh";

test.skipIf(process.platform === "win32")("a child that stops working is ended as stalled", async () => {
  const seen: (number | null)[] = [];
  const result = await runProcess({
    program: SHELL,
    args: ["-c", "sleep 30"],
    isStalled: (cpuMs) => {
      seen.push(cpuMs);
      return true;
    },
  });
  expect(result.ended).toBe("stalled");
  expect(seen).toHaveLength(1);
});

test.skipIf(process.platform !== "linux")("processor time of what the child itself started counts", async () => {
  let most = 0;
  const result = await runProcess({
    program: SHELL,
    args: ["-c", "sh -c 'while :; do :; done'"],
    timeoutMs: 10_000,
    isStalled: (cpuMs) => {
      most = Math.max(most, cpuMs ?? 0);
      return most > 0;
    },
  });
  expect(result.ended).toBe("stalled");
  expect(most).toBeGreaterThan(0);
});

test.skipIf(process.platform !== "linux")(
  "a process that holds the pipe and can't be ended is not waited for",
  async () => {
    const abort = new AbortController();
    let pid = 0;
    const onLine = (line: string) => {
      pid = Number(line);
      abort.abort();
    };
    // In a session of its own the group's signals don't reach it: as unkillable as one that waits for a dead disk.
    const args = ["-c", "setsid sh -c 'echo $$; exec sleep 60' & wait"];
    const result = await runProcess({ program: SHELL, args, signal: abort.signal, onLine });
    expect(result.ended).toBe("aborted");
    process.kill(pid, "SIGKILL");
  },
);

/** Runs until it has said something some times, so that its guard is up, too; then it is to stop. */
async function stopped(setting: string) {
  using lateness = new Lateness();
  const abort = new AbortController();
  let lines = 0;
  const onLine = () => {
    lines += 1;
    if (lines === 12) abort.abort();
  };
  const args = ["-c", `${setting}; while :; do echo here; sleep 0.05; done`];
  const result = await runProcess({ program: SHELL, args, signal: abort.signal, onLine });
  expect(result.ended).toBe("aborted");
  return { stop: result.stop, lateMs: await lateness.worstMs() };
}

test.skipIf(process.platform === "win32")(
  "a child that does not mind SIGTERM is killed within the promise",
  async () => {
    const { stop, lateMs } = await stopped("trap '' TERM");
    expect(stop?.killedAfterMs).toBeLessThanOrEqual(STOPPED_WITHIN_MS / 2 + lateMs);
    expect(stop?.goneAfterMs).toBeLessThanOrEqual(STOPPED_WITHIN_MS + lateMs);
  },
);

test.skipIf(process.platform === "win32")("a child that minds it is gone in time without", async () => {
  const { stop, lateMs } = await stopped(":");
  expect(stop?.goneAfterMs).toBeLessThanOrEqual(STOPPED_WITHIN_MS + lateMs);
});

test("what is to start while it is paused waits, and doesn't start when it is given up meanwhile", async () => {
  const pausable = createPauseSwitch();
  pausable.set(true);
  const abort = new AbortController();
  const given = runProcess({ program: process.execPath, args: ["--version"], pausable, signal: abort.signal });
  const waiting = runProcess({ program: process.execPath, args: ["--version"], pausable });
  abort.abort();
  expect(await given).toMatchObject({ ended: "aborted", stdout: "" });
  pausable.set(false);
  expect(await waiting).toMatchObject({ ended: "exit", exitCode: 0 });
});

test.skipIf(process.platform !== "linux")(
  "a paused child is not taken for stalled, and ends at once",
  async () => {
    const pausable = createPauseSwitch();
    const abort = new AbortController();
    let pid = 0;
    let isAsked = false;
    const ended = runProcess({
      program: SHELL,
      // It starts nothing: a shell stopped between vfork and exec of its child waits for that (D), and is never seen as T.
      args: ["-c", "echo $$; trap '' TERM; while :; do :; done"],
      pausable,
      signal: abort.signal,
      onLine(line) {
        pid = Number(line);
        pausable.set(true);
      },
      isStalled: () => {
        isAsked = pid !== 0;
        return isAsked;
      },
    });
    const state = () => {
      try {
        return pid === 0 ? "" : (/\) (.)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1] ?? "");
      } catch {
        return "gone";
      }
    };
    await until("the shell is stopped", 20_000, async () => state() === "T");
    const since = performance.now();
    await until("the watch has come round", 20_000, async () => performance.now() - since > 1200);
    expect({ isAsked, state: state() }).toEqual({ isAsked: false, state: "T" });
    abort.abort();
    expect((await ended).ended).toBe("aborted");
    await until("the shell is gone", 10_000, async () => ["gone", "Z"].includes(state()));
  },
  60_000,
);

test.skipIf(process.platform === "win32")("a guard whose parent has died before it was up starts nothing", async () => {
  const guard = (guardedFor: number) =>
    Bun.spawn([...selfCommand(), "__exec", SHELL, "-c", "echo started"], {
      env: { ...process.env, BUN_FEATURE_FLAG_NO_ORPHANS: "1", FFCLUSTER_GUARDED_FOR: String(guardedFor) },
      stdout: "pipe",
      stderr: "inherit",
    });
  const [orphan, child] = [guard(1), guard(process.pid)];
  expect([await orphan.stdout.text(), await orphan.exited]).toEqual(["", 1]);
  expect([await child.stdout.text(), await child.exited]).toEqual(["started\n", 0]);
});

test.skipIf(process.platform === "win32")("a child that a signal ends is said to, in its own words too", async () => {
  const run = (does: string) => runProcess({ program: SHELL, args: ["-c", does] });
  const [segv, kill, late, exit] = await Promise.all([
    run("echo first >&2; kill -SEGV $$"),
    run("kill -KILL $$"),
    run("kill -TERM $$"),
    run("echo sh crashed '(SIGSEGV)'; exit 139"),
  ]);
  expect(segv).toMatchObject({ ended: "exit", exitCode: 139, death: "SIGSEGV" });
  expect(segv.stderrTail).toBe("first\nsh crashed (SIGSEGV)\n");
  expect(kill).toMatchObject({ exitCode: 137, death: "SIGKILL" });
  expect(kill.stderrTail).toContain("sh was killed (SIGKILL), as a system does that runs out of memory");
  expect(late.stderrTail).toBe("sh was ended (SIGTERM)\n");
  expect(exit).toEqual({ ended: "exit", exitCode: 139, stdout: "sh crashed (SIGSEGV)\n", stderrTail: "" });
});

test.skipIf(process.platform === "win32")("a child that this program stops has not died", async () => {
  const args = ["-c", "echo here >&2; exec sleep 30"];
  const result = await runProcess({ program: SHELL, args, timeoutMs: 1000 });
  expect(result).toMatchObject({ ended: "timeout", stderrTail: expect.stringMatching(/^(here\n?)?$/) });
  expect(result.death).toBeUndefined();
});

test.skipIf(process.platform === "win32")(
  "a guard that is killed takes its program along, and it is said",
  async () => {
    const result = await runProcess({ program: SHELL, args: ["-c", "echo here >&2; kill -KILL $PPID; exec sleep 30"] });
    expect(result).toMatchObject({ ended: "exit", death: "SIGKILL" });
    expect(result.stderrTail).toContain("here\nsh was killed (SIGKILL)");
  },
);

test("an exception on Windows has its number", () => {
  expect(deathWords("C:/tools/program.exe", 0xc0000005, null)).toBe("program.exe crashed (0xC0000005)");
  expect(deathWords("program.exe", -1_073_741_819, null)).toBe("program.exe crashed (0xC0000005)");
  expect(deathIn("said before\nprogram.exe crashed (0xC0000005)\r\n")).toBe("0xC0000005");
  expect(deathWords("program", 255, null)).toBeNull();
});

test("a program that isn't there is an error of its own", async () => {
  await expect(runProcess({ program: "/nonexistent/program", args: [] })).rejects.toThrow(ProgramNotFound);
});
