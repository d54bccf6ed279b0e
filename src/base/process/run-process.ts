// Running ffmpeg and ffprobe: bounded output, first termination reason wins, SIGTERM then SIGKILL, no orphans.
// A child runs under the hidden `ffcluster __exec`, whose runtime ends it when this process dies for any
// reason, kill -9 included (docs/adr/0003).
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { AppError, errnoOf } from "../errors.ts";
import { deathIn, deathWords } from "./death.ts";
import { sendOrder } from "./guard-orders.ts";
import type { Pausable } from "./pause.ts";
import { descendantsCpuMs, descendantsOf } from "./process-cpu.ts";
import { toolEnvironment } from "./tool-environment.ts";

/** As `nice` without a number. */
const LOW_PRIORITY = 10;
const STDERR_TAIL_BYTES = 16 * 1024;
const STDOUT_TEXT_BYTES = 64 * 1024 * 1024;
/** Whatever is stopped on purpose is gone within this time, on a machine that has a core for it. */
export const STOPPED_WITHIN_MS = 2000;
/** ffmpeg ends within 30 ms of SIGTERM (measured); what does not is killed while half of the promise is left. */
const KILL_AFTER_MS = STOPPED_WITHIN_MS / 2;
/** A child that not even SIGKILL ends (it waits for a dead disk) is given up, so that what waits for it can go on. */
const GIVE_UP_AFTER_MS = 4000;
const WATCH_EVERY_MS = 1000;
/** Names the process that a guard is to end with. */
export const GUARDED_FOR = "FFCLUSTER_GUARDED_FOR";
/** A child that the guard, or the tool itself, starts in the moment of a pause is stopped by the next of these. */
const STOP_AGAIN_EVERY_MS = 250;

export interface ToolOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
  /** Called for each line of stdout as it comes; stdout is then not collected. */
  readonly onLine?: (line: string) => void;
  /** The same for raw bytes, in place of lines; the next ones are read when this has come back. */
  readonly onBytes?: (bytes: Uint8Array) => void | Promise<void>;
  /** Lower the scheduling priority of the child (nice 10; "below normal" on Windows). */
  readonly nice?: boolean | undefined;
  /** Called when it runs, with what lowers its priority from then on, where the system allows that (Linux). */
  readonly onStart?: (lowerPriority: () => void) => void;
  /** Asked every second with the processor time the child used so far (null: unknown); true ends it as "stalled". */
  readonly isStalled?: (cpuMs: number | null) => boolean;
  /** Suspends the child while it is paused (SIGSTOP and SIGCONT; by its guard on Windows), and its start. */
  readonly pausable?: Pausable | undefined;
}

export interface ToolResult {
  readonly ended: "exit" | "aborted" | "timeout" | "stalled";
  /** Exit status; 128 + n when signal n ended the child. */
  readonly exitCode: number;
  /** The signal (or exception, on Windows) that ended it, such as "SIGSEGV"; `stderrTail` then ends by saying so. */
  readonly death?: string;
  readonly stdout: string;
  /** The last 16 KiB of stderr. */
  readonly stderrTail: string;
  /** Of a child that did not end by itself. */
  readonly stop?: StopFacts;
}

/** It ended by itself, and with status 0. */
export function succeeded({ ended, exitCode }: ToolResult): boolean {
  return ended === "exit" && exitCode === 0;
}

/** On this process's own clock, from the moment it was to stop. */
export interface StopFacts {
  /** When SIGKILL went out, because SIGTERM did not do; null: it did. */
  readonly killedAfterMs: number | null;
  /** When the child was gone. */
  readonly goneAfterMs: number;
}

/** The command that starts this very program again: the executable, or Bun with the source entry point. */
export function selfCommand(): readonly string[] {
  if (Bun.isStandaloneExecutable) return [process.execPath];
  return [process.execPath, fileURLToPath(new URL("../../cli.ts", import.meta.url))];
}

async function readTail(stream: ReadableStream<Uint8Array>): Promise<string> {
  let tail = Buffer.alloc(0);
  for await (const chunk of stream) {
    tail = Buffer.concat([tail, chunk]);
    if (tail.length > STDERR_TAIL_BYTES) tail = Buffer.from(tail.subarray(tail.length - STDERR_TAIL_BYTES));
  }
  return tail.toString("utf8");
}

/** Splits a byte stream into lines as they arrive. */
export async function forEachLine(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = rest.indexOf("\n"); end !== -1; end = rest.indexOf("\n", start)) {
      onLine(rest.slice(start, end).replace(/\r$/, ""));
      start = end + 1;
    }
    rest = rest.slice(start);
  }
  if (rest !== "") onLine(rest);
}

async function readText(stream: ReadableStream<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes <= STDOUT_TEXT_BYTES) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Stdout as text, or nothing where somebody takes it as it comes. */
async function readStdout(
  stream: ReadableStream<Uint8Array>,
  { onLine, onBytes }: Pick<ToolOptions, "onLine" | "onBytes">,
): Promise<string> {
  if (onBytes !== undefined) {
    for await (const chunk of stream) await onBytes(chunk);
    return "";
  }
  if (onLine === undefined) return await readText(stream);
  await forEachLine(stream, onLine);
  return "";
}

/** Ends the whole process group of a child that was started detached; SIGKILL ends stopped processes too. */
function killTree(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    if (process.platform === "win32") {
      const command = ["taskkill", "/T", "/F", "/PID", String(pid)];
      const { success } = Bun.spawnSync(command, { stdout: "ignore", stderr: "ignore", windowsHide: true });
      if (!success) process.kill(pid, "SIGKILL"); // the guard takes its program along
    } else {
      process.kill(-pid, signal);
    }
  } catch (thrown) {
    if (errnoOf(thrown) !== "ESRCH") throw thrown; // gone already
  }
}

/**
 * Stops a child and all that it started, or lets them go on. The guard itself goes on in any case: it has to end them when
 * this process dies.
 */
function suspendTree(pid: number, isSuspended: boolean): void {
  try {
    if (isSuspended) {
      process.kill(-pid, "SIGSTOP");
      process.kill(pid, "SIGCONT");
    } else process.kill(-pid, "SIGCONT");
  } catch (thrown) {
    if (errnoOf(thrown) !== "ESRCH") throw thrown; // gone already
  }
}

/** Keeps a child as the switch says until the answer is called. */
function follow(pausable: Pausable, { pid, stdin }: Guard): () => void {
  let timer: ReturnType<typeof setInterval> | undefined;
  const apply = (isPaused: boolean) => {
    if (stdin !== undefined) return void sendOrder(stdin, isPaused);
    clearInterval(timer);
    suspendTree(pid, isPaused);
    if (isPaused) timer = setInterval(() => suspendTree(pid, true), STOP_AGAIN_EVERY_MS);
  };
  if (pausable.isPaused()) apply(true);
  const unfollow = pausable.onChange(apply);
  return () => {
    unfollow();
    clearInterval(timer);
    if (stdin !== undefined) void sendOrder(stdin, null);
  };
}

/**
 * Runs a program to its end. Never throws for a failing child: look at `ended` and `exitCode`.
 * Errors: E_FFMPEG_MISSING when the program does not exist.
 */
export async function runTool(options: ToolOptions): Promise<ToolResult> {
  const { pausable } = options;
  await pausable?.whenRunning(options.signal);
  if (options.signal?.aborted) return { ended: "aborted", exitCode: 255, stdout: "", stderrTail: "" };
  const takesOrders = pausable !== undefined && process.platform === "win32";
  const child = spawnGuarded([options.program, ...options.args], options.cwd, takesOrders);
  if (options.nice) lowerPriority(child.pid);
  options.onStart?.(() => {
    for (const pid of descendantsOf(child.pid) ?? []) lowerPriority(pid);
  });
  let ended: ToolResult["ended"] = "exit";
  let killTimer: ReturnType<typeof setTimeout> | undefined;
  let giveUpTimer: ReturnType<typeof setTimeout> | undefined;
  const givenUp = Promise.withResolvers<null>();
  const unfollow = pausable === undefined ? () => {} : follow(pausable, child);
  let stoppedAt = 0;
  let killedAfterMs: number | null = null;
  const kill = () => {
    killedAfterMs = performance.now() - stoppedAt;
    killTree(child.pid, "SIGKILL");
  };
  const stop = (reason: "aborted" | "timeout" | "stalled") => {
    if (ended !== "exit") return;
    ended = reason;
    stoppedAt = performance.now();
    unfollow();
    // A stopped process takes no SIGTERM until it goes on, and must not go on for it.
    if (pausable?.isPaused() === true) kill();
    else {
      killTree(child.pid, "SIGTERM");
      killTimer = setTimeout(kill, KILL_AFTER_MS);
    }
    giveUpTimer = setTimeout(() => givenUp.resolve(null), GIVE_UP_AFTER_MS);
  };
  const onAbort = () => stop("aborted");
  options.signal?.addEventListener("abort", onAbort, { once: true });
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => stop("timeout"), options.timeoutMs);
  const { isStalled } = options;
  const look = () => {
    if (pausable?.isPaused() !== true && isStalled?.(descendantsCpuMs(child.pid)) === true) stop("stalled");
  };
  const watch = isStalled === undefined ? undefined : setInterval(look, WATCH_EVERY_MS);
  try {
    const finished = Promise.all([readStdout(child.stdout, options), readTail(child.stderr), child.exited]);
    const result = await Promise.race([finished, givenUp.promise]);
    if (result === null) {
      finished.catch(() => undefined); // nobody waits for it any more
      return { ended, exitCode: 255, stdout: "", stderrTail: "" };
    }
    const [stdout, said, exitCode] = result;
    const { stderrTail, death } = ended === "exit" ? withDeath(options.program, said, exitCode, child) : ownStop(said);
    if (exitCode === 127 && /ffcluster: cannot start/.test(stderrTail)) throw missingProgram(options.program);
    const stopFacts = { killedAfterMs, goneAfterMs: performance.now() - stoppedAt };
    return {
      ended,
      exitCode,
      stdout,
      stderrTail,
      ...(death === null || exitCode === 0 ? {} : { death }),
      ...(ended === "exit" ? {} : { stop: stopFacts }),
    };
  } catch (thrown) {
    killTree(child.pid, "SIGKILL");
    throw thrown;
  } finally {
    clearTimeout(timer);
    clearTimeout(killTimer);
    clearTimeout(giveUpTimer);
    clearInterval(watch);
    unfollow();
    options.signal?.removeEventListener("abort", onAbort);
  }
}

/** The guard's, before it starts the program, which inherits it; or later that of the program itself. */
function lowerPriority(pid: number): void {
  try {
    setPriority(pid, LOW_PRIORITY);
  } catch (thrown) {
    // Gone already, or not allowed here: it runs at the usual one.
    const isHarmless = thrown instanceof Error && /ESRCH|EACCES|EPERM|no such process|permission/i.test(thrown.message);
    if (!isHarmless) throw thrown;
  }
}

type Guard = Bun.Subprocess<"ignore" | "pipe", "pipe", "pipe">;

function spawnGuarded(command: readonly string[], cwd: string | undefined, takesOrders: boolean): Guard {
  return Bun.spawn([...selfCommand(), "__exec", ...command], {
    ...(cwd === undefined ? {} : { cwd }),
    env: {
      ...toolEnvironment(process.env),
      BUN_FEATURE_FLAG_NO_ORPHANS: "1",
      [GUARDED_FOR]: String(process.pid),
    },
    stdin: takesOrders ? "pipe" : "ignore",
    stdout: "pipe",
    stderr: "pipe",
    detached: process.platform !== "win32",
    windowsHide: true,
  });
}

/** How it died, in its own last line; the guard itself may be what is ended, with its program. */
function withDeath(program: string, said: string, exitCode: number, { signalCode }: Bun.Subprocess) {
  const words = deathIn(said) === null ? deathWords(program, exitCode, signalCode) : null;
  const stderrTail = words === null ? said : `${said.trimEnd()}\n${words}`.trimStart();
  return { stderrTail, death: deathIn(stderrTail) };
}

/** A program that this one stopped has not died: its guard's word of that is left out. */
function ownStop(said: string) {
  const lines = said.trimEnd().split("\n");
  return { stderrTail: deathIn(said) === null ? said : lines.slice(0, -1).join("\n"), death: null };
}

function missingProgram(program: string): AppError {
  return new AppError(
    "E_FFMPEG_MISSING",
    `cannot start ${program}`,
    "Install ffmpeg 5.1 or newer, or name its folder in FFCLUSTER_FFMPEG_DIR; `ffcluster doctor` checks it.",
  );
}
