// Every program runs under a guard: the hidden `ffcluster __exec`, which ends with this process however it dies, kill -9
// included, and takes its program along (docs/adr/0003).
import { fileURLToPath } from "node:url";
import { bubblewrapCommand } from "../sandbox/bubblewrap.ts";
import { type Confinement, confinedEnv } from "../sandbox/confinement.ts";

/** Names the process that a guard is to end with. */
export const GUARDED_FOR = "FFCLUSTER_GUARDED_FOR";
/** The guard's exit status and message when there is no such program; a shell answers 127 too. */
export const NOT_FOUND_STATUS = 127;
export const NOT_FOUND_TEXT = "ffcluster: cannot start";

/**
 * Names an executable of this same source. Its guard takes a third of the time of one that runs from the source, which
 * the tests start some thousand times (scripts/test.mjs). The executable itself pays no heed to it.
 */
const BUILT_GUARD = "FFCLUSTER_BUILT_GUARD";

/** It has a stdin where it takes orders (guard-orders.ts). */
export type Guard = Bun.Subprocess<"ignore" | "pipe", "pipe", "pipe">;

export interface GuardOptions {
  readonly cwd: string | undefined;
  readonly env: Record<string, string | undefined>;
  readonly takesOrders: boolean;
  /** Null: it may touch what this process may. */
  readonly confinement: Confinement | null;
  /** Descriptors of this process that the program gets as 3, 4, …. */
  readonly inherits: readonly number[];
}

/** The command that starts this very program again: the executable, or Bun with the source entry point. */
export function selfCommand(): readonly string[] {
  if (Bun.isStandaloneExecutable) return [process.execPath];
  return [process.execPath, fileURLToPath(new URL("../../cli.ts", import.meta.url))];
}

/** What a guard is started with, and the files that it needs where nothing else is. */
function guardProgram(): { readonly start: readonly string[]; readonly files: readonly string[] } {
  const built = Bun.isStandaloneExecutable ? process.execPath : process.env[BUILT_GUARD];
  return built === undefined ? { start: selfCommand(), files: sourceFiles() } : { start: [built], files: [built] };
}

function sourceFiles(): readonly string[] {
  return [
    process.execPath,
    ...["src", "node_modules", "package.json"].map((name) =>
      fileURLToPath(new URL(`../../../${name}`, import.meta.url)),
    ),
  ];
}

/** The guard's command, with another guard inside bubblewrap where that is asked for. */
function guardedCommand(command: readonly string[], confinement: Confinement | null): readonly string[] {
  const { start, files } = guardProgram();
  const inner = [...start, "__exec", ...command];
  if (confinement === null || confinement.bubblewrap === null) return inner;
  const { bubblewrap } = confinement;
  const programs = [...files, command[0] ?? ""];
  return [...start, "__exec", ...bubblewrapCommand({ ...confinement, bubblewrap }, programs, inner)];
}

/** On systems with process groups, guard and program are one of their own. */
export function spawnGuarded(command: readonly string[], options: GuardOptions): Guard {
  const { cwd, env, takesOrders, confinement, inherits } = options;
  const outer = confinement?.bubblewrap === null ? confinement : null;
  return Bun.spawn([...guardedCommand(command, confinement)], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...env, ...confinedEnv(outer), BUN_FEATURE_FLAG_NO_ORPHANS: "1", [GUARDED_FOR]: String(process.pid) },
    stdio: [takesOrders ? "pipe" : "ignore", "pipe", "pipe", ...inherits],
    detached: process.platform !== "win32",
    windowsHide: true,
  });
}
