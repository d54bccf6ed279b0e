// Runs another program to its end, under a guard: bounded output, no orphans, and one reason why it ended.
import type { Confinement } from "../sandbox/confinement.ts";
import { deathIn, deathWords } from "./death.ts";
import { type Guard, NOT_FOUND_STATUS, NOT_FOUND_TEXT, spawnGuarded } from "./guard.ts";
import { inheritedFiles } from "./inherited-files.ts";
import { type OutputTakers, readStdout, readTail } from "./output.ts";
import type { Pausable } from "./pause.ts";
import { lowerPriority, lowerPriorityOfDescendants } from "./priority.ts";
import { programCpuMs } from "./process-cpu.ts";
import { followPause } from "./suspend.ts";
import { killTree, type StopFacts, type StopReason, Termination } from "./terminate.ts";

const WATCH_EVERY_MS = 1000;
/** The exit status of a child that was never started, or was given up. */
const NO_STATUS = 255;

export interface ProcessOptions extends OutputTakers {
  readonly program: string;
  /** Open files among them are inherited (inherited-files.ts). */
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Default: this process's own. */
  readonly env?: Record<string, string | undefined>;
  /** Default: none. */
  readonly confinement?: Confinement | null;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
  /** Lower the scheduling priority of the child (nice 10; "below normal" on Windows). */
  readonly nice?: boolean | undefined;
  /** Called when the child runs, with a function that lowers its priority where the system shows its descendants. */
  readonly onStart?: (lowerPriority: () => void) => void;
  /** Asked every second with the processor time the child used so far (null: unknown); true ends it as "stalled". */
  readonly isStalled?: (cpuMs: number | null) => boolean;
  /** Suspends the child while it is paused (SIGSTOP and SIGCONT; by its guard on Windows), and delays its start. */
  readonly pausable?: Pausable | undefined;
}

export interface ProcessResult {
  readonly ended: "exit" | StopReason;
  /** Exit status; 128 + n when signal n ended the child. */
  readonly exitCode: number;
  /** The signal (or exception, on Windows) that ended it, such as "SIGSEGV"; `stderrTail` then ends by saying so. */
  readonly death?: string;
  /** Empty where `onLine` or `onBytes` took it. */
  readonly stdout: string;
  /** The last 16 KiB of stderr. */
  readonly stderrTail: string;
  /** Only of a child that was stopped. */
  readonly stop?: StopFacts;
}

/** There is no such program, or it may not be started. */
export class ProgramNotFound extends Error {
  constructor(program: string) {
    super(`cannot start ${program}`);
    this.name = "ProgramNotFound";
  }
}

/** The child ended by itself, with status 0. */
export function succeeded({ ended, exitCode }: ProcessResult): boolean {
  return ended === "exit" && exitCode === 0;
}

/**
 * Runs a program to its end. Never throws for a failing child: look at `ended` and `exitCode`.
 * Errors: ProgramNotFound; whatever `onLine` or `onBytes` throws, which ends the child.
 */
export async function runProcess(options: ProcessOptions): Promise<ProcessResult> {
  const { program, pausable, signal, timeoutMs } = options;
  await pausable?.whenRunning(signal);
  if (signal?.aborted) return withoutOutput("aborted");
  const files = inheritedFiles(options.args);
  const { confinement = null } = options;
  const child = spawnGuarded([program, ...options.args.map(files.forProgram)], {
    cwd: options.cwd,
    env: options.env ?? process.env,
    confinement: confinement && { ...confinement, reads: confinement.reads.map(files.forProgram) },
    takesOrders: pausable !== undefined && process.platform === "win32",
    inherits: files.descriptors,
  });
  if (options.nice) lowerPriority(child.pid);
  options.onStart?.(() => lowerPriorityOfDescendants(child.pid));
  using termination = new Termination(child.pid);
  const unfollow = pausable === undefined ? () => {} : followPause(pausable, child);
  const stop = (reason: StopReason) => {
    if (termination.reason === null) unfollow();
    termination.stop(reason, pausable?.isPaused() === true);
  };
  const onAbort = () => stop("aborted");
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => stop("timeout"), timeoutMs);
  const watch = watchForStall(options, child.pid, () => stop("stalled"));
  try {
    const words = readTail(child.stderr).then(files.fromProgram);
    const finished = Promise.all([readStdout(child.stdout, options), words, child.exited]);
    const result = await Promise.race([finished, termination.givenUp]);
    if (result !== null) return describeEnd(program, child, termination, result);
    finished.catch(() => undefined); // no longer awaited
    return withoutOutput(termination.reason ?? "exit");
  } catch (thrown) {
    killTree(child.pid, "SIGKILL");
    throw thrown;
  } finally {
    clearTimeout(timer);
    clearInterval(watch);
    unfollow();
    signal?.removeEventListener("abort", onAbort);
  }
}

function watchForStall({ isStalled, pausable }: ProcessOptions, pid: number, onStall: () => void) {
  if (isStalled === undefined) return undefined;
  return setInterval(() => {
    if (pausable?.isPaused() !== true && isStalled(programCpuMs(pid))) onStall();
  }, WATCH_EVERY_MS);
}

function withoutOutput(ended: ProcessResult["ended"]): ProcessResult {
  return { ended, exitCode: NO_STATUS, stdout: "", stderrTail: "" };
}

function describeEnd(
  program: string,
  child: Guard,
  termination: Termination,
  [stdout, stderr, exitCode]: readonly [string, string, number],
): ProcessResult {
  const { reason } = termination;
  // A program that was stopped has not died: what its guard says of that is left out.
  const stderrTail = reason === null ? withDeathWords(program, stderr, exitCode, child) : withoutDeathWords(stderr);
  if (exitCode === NOT_FOUND_STATUS && stderrTail.includes(NOT_FOUND_TEXT)) throw new ProgramNotFound(program);
  const death = reason === null ? deathIn(stderrTail) : null;
  return {
    ended: reason ?? "exit",
    exitCode,
    stdout,
    stderrTail,
    ...(death === null || exitCode === 0 ? {} : { death }),
    ...(reason === null ? {} : { stop: termination.facts() }),
  };
}

/** Appends how it died, unless the guard has: a guard that is killed, with its program, writes nothing. */
function withDeathWords(program: string, stderr: string, exitCode: number, { signalCode }: Guard): string {
  const words = deathIn(stderr) === null ? deathWords(program, exitCode, signalCode) : null;
  return words === null ? stderr : `${stderr.trimEnd()}\n${words}`.trimStart();
}

function withoutDeathWords(stderr: string): string {
  return deathIn(stderr) === null ? stderr : stderr.trimEnd().split("\n").slice(0, -1).join("\n");
}
