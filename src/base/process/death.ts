// Says what killed a program: a signal, or on Windows an unhandled exception. The guard writes it as the last line of the
// program's own stderr, so that it is seen wherever that is quoted.
import { basename } from "node:path";

/** Unhandled exceptions on Windows: NTSTATUS of severity "error", e.g. 0xC0000005 for a forbidden access to memory. */
const FIRST_EXCEPTION = 0xc000_0000;

/** What a signal means (signal(7)), where its name does not say enough. */
const MEANINGS: Readonly<Record<string, string>> = {
  SIGKILL: "was killed (SIGKILL), as a system does that runs out of memory",
  SIGILL: "crashed (SIGILL): this build may need another processor",
  SIGXCPU: "was ended (SIGXCPU): it used all the processor time that it is allowed",
  SIGXFSZ: "was ended (SIGXFSZ): a file grew larger than it is allowed",
};
/** Signals that a fault of the program itself raises. */
const CRASHES = new Set(["SIGSEGV", "SIGBUS", "SIGFPE", "SIGABRT", "SIGTRAP", "SIGSYS"]);

const LINE = /^\S+ (?:crashed|was killed|was ended) \((SIG[A-Z0-9]+|0x[0-9A-F]{8})\)/;

/** One line, such as "sh crashed (SIGSEGV)"; null: the program ended by itself. */
export function deathWords(program: string, exitCode: number, signal: string | number | null): string | null {
  const name = basename(program);
  if (signal !== null) {
    const plain = `${CRASHES.has(String(signal)) ? "crashed" : "was ended"} (${signal})`;
    return `${name} ${MEANINGS[signal] ?? plain}`;
  }
  const status = exitCode >>> 0;
  return status >= FIRST_EXCEPTION ? `${name} crashed (0x${status.toString(16).toUpperCase()})` : null;
}

/** The signal or exception that the last line of stderr names; null: none. */
export function deathIn(stderr: string): string | null {
  return LINE.exec(stderr.trimEnd().split("\n").at(-1) ?? "")?.[1] ?? null;
}
