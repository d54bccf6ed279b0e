// What a program may touch, and how its guard is told: as JSON in an environment variable, which the program itself does
// not get. What this means on each system is in docs/adr/0022.

/** Names the variable that tells a guard what its program may touch. */
export const CONFINED_TO = "FFCLUSTER_CONFINED_TO";

/** "bwrap": by bubblewrap too, which must be there. */
export type SandboxMode = "auto" | "require" | "bwrap" | "off";

/** Absolute paths; what does not exist is left out. A folder stands for everything below it. */
export interface Confinement {
  /** May be read and run. */
  readonly programs: readonly string[];
  /** May be read. */
  readonly reads: readonly string[];
  /**
   * May be read and written: a folder, where plain files may be made and removed; or a file, which is made empty when it
   * does not exist.
   */
  readonly writes: readonly string[];
  /** Device files may be read, written and controlled; folders of caches may grow folders of their own. */
  readonly devices: readonly string[];
  /** TCP ports that may be connected to. */
  readonly ports: readonly number[];
  /** The largest private memory; null: no bound. */
  readonly memoryBytes: number | null;
  /** The `bwrap` that it runs in; null: none. */
  readonly bubblewrap: string | null;
  /** Refuse to run the program where the system can't confine it. */
  readonly isRequired: boolean;
}

export function confinedEnv(confinement: Confinement | null): Record<string, string> {
  return confinement === null ? {} : { [CONFINED_TO]: JSON.stringify(confinement) };
}

/** The guard's side. The variable is written by this same program, so its shape is not checked again. */
export function confinementIn(env: Record<string, string | undefined>): Confinement | null {
  const text = env[CONFINED_TO];
  return text === undefined ? null : (JSON.parse(text) as Confinement);
}
