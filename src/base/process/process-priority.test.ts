import { expect, test } from "bun:test";
import { getPriority } from "node:os";
import { runProcess } from "./run-process.ts";

/** The nice value of a program that runProcess starts, by its own word: field 19 of stat, proc(5). */
async function niceOfChild(nice: boolean): Promise<number> {
  const { stdout } = await runProcess({ program: "cat", args: ["/proc/self/stat"], nice, timeoutMs: 30_000 });
  return Number(stdout.slice(stdout.lastIndexOf(")") + 2).split(" ")[16]);
}

test.skipIf(process.platform !== "linux")(
  "a tool runs at low priority where that is asked, else at ours",
  async () => {
    expect(await niceOfChild(true)).toBe(10);
    expect(await niceOfChild(false)).toBe(getPriority());
  },
  60_000,
);

test.skipIf(process.platform !== "linux")(
  "a tool that runs is put at low priority, with what it has started",
  async () => {
    const abort = new AbortController();
    let lower: () => void = () => undefined;
    const result = await runProcess({
      program: "sh",
      args: ["-c", "while :; do cat /proc/$$/stat; sleep 0.1; done"],
      onStart: (lowerPriority) => {
        lower = lowerPriority;
      },
      onLine: (line) => {
        if (line.split(") ")[1]?.split(" ")[16] === "10") abort.abort();
        else lower();
      },
      signal: abort.signal,
      timeoutMs: 30_000,
    });
    expect(result.ended).toBe("aborted");
  },
  60_000,
);
