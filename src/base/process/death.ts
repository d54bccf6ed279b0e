// How a program ended that did not end by itself: a signal, or on Windows the status of an unhandled exception. Its guard
// says so in the program's own stderr, as its last line, so that it stands wherever that is quoted.
import { basename } from "node:path";

/** Unhandled exceptions on Windows: NTSTATUS of severity "error", e.g. 0xC0000005 for a forbidden access to memory. */
const FIRST_EXCEPTION = 0xc000_0000;

/** What a signal tells beside its name (signal(7)). */
const MEANINGS: Readonly<Record<string, string>> = {
  SIGKILL: "was killed (SIGKILL), as a system does that runs out of memory",
  SIGILL: "crashed (SIGILL): this build may need another processor",
  SIGXCPU: "was ended (SIGXCPU): it used all the processor time that it is allowed",
  SIGXFSZ: "was ended (SIGXFSZ): a file grew larger than it is allowed",
};
/** A fault of the program itself. */
const CRASHES = new Set(["SIGSEGV", "SIGBUS", "SIGFPE", "SIGABRT", "SIGTRAP", "SIGSYS"]);

const LINE = /^\S+ (?:crashed|was killed|was ended) \((SIG[A-Z0-9]+|0x[0-9A-F]{8})\)/;

/** One line, such as "ffprobe crashed (SIGSEGV)"; null: it ended by itself. */
export function deathWords(program: string, exitCode: number, signal: string | number | null): string | null {
  const name = basename(program);
  if (signal !== null) {
    const plain = `${CRASHES.has(String(signal)) ? "crashed" : "was ended"} (${signal})`;
    return `${name} ${MEANINGS[signal] ?? plain}`;
  }
  const status = exitCode >>> 0;
  return status >= FIRST_EXCEPTION ? `${name} crashed (0x${status.toString(16).toUpperCase()})` : null;
}

/** The signal or exception in the last line of stderr; null: it holds none. */
export function deathIn(stderr: string): string | null {
  return LINE.exec(stderr.trimEnd().split("\n").at(-1) ?? "")?.[1] ?? null;
}
