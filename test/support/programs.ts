// Programs that some tests need beside ffmpeg and that a machine may lack: a test that needs one is then reported as
// skipped, with what to install.
import { test } from "bun:test";

export interface Needed {
  /** Names it goes by; the first one found is taken. */
  readonly programs: readonly string[];
  /** What brings it, in words. */
  readonly install: string;
}

export const MKVTOOLNIX: Needed = { programs: ["mkvmerge"], install: "Debian's mkvtoolnix" };
export const MEDIAINFO: Needed = { programs: ["mediainfo"], install: "Debian's mediainfo" };
export const TMUX: Needed = { programs: ["tmux"], install: "Debian's tmux" };
export const CHROMIUM: Needed = {
  programs: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
  install: "Debian's chromium",
};

function found({ programs }: Needed): string | null {
  for (const program of programs) {
    const path = Bun.which(program);
    if (path !== null) return path;
  }
  return null;
}

/** Runs with the program's path, or is reported as skipped with the program's name. */
export function testWithProgram(
  needed: Needed,
  title: string,
  body: (program: string) => Promise<void>,
  timeoutMs: number,
): void {
  const program = found(needed);
  if (program === null)
    test.skip(`${title} (no ${needed.programs[0]} here: install ${needed.install})`, () => undefined);
  else test(title, () => body(program), timeoutMs);
}

/** Its stdout; throws when it fails. */
export async function outputOf(program: string, args: readonly string[], cwd = process.cwd()): Promise<string> {
  const child = Bun.spawn([program, ...args], { cwd, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (exitCode !== 0) throw new Error(`${program} ${args.join(" ")}: exit ${exitCode}: ${stderr}${stdout}`);
  return stdout;
}
