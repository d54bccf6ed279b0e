// Plans the outputs of the files that were found: the folder that each lies below, what is known of that folder, and a name
// that no other file has.
import { extname, join, relative, resolve } from "node:path";
import type { SubmitOptions } from "../submitting/options.ts";
import type { LibraryNames } from "./ask-server.ts";
import type { FoundFile } from "./find-files.ts";
import { LibraryState, STATE_FILE } from "./library-state.ts";
import { assignNames } from "./names/assign-names.ts";
import { renderName } from "./names/name-template.ts";
import type { PlannedFile } from "./outcome.ts";
import { endReplacements } from "./replace-source.ts";

/** Paths below a folder are noted with `/` everywhere. */
export function withSlashes(path: string): string {
  return process.platform === "win32" ? path.replaceAll("\\", "/") : path;
}

/** The state of each folder that outputs go below. */
export class Homes implements Disposable {
  readonly #states = new Map<string, LibraryState>();
  /** Held until the run ends: another one would do the same files. */
  readonly #locks: Disposable[] = [];
  /** For whoever finds the folder in use. */
  readonly #command: string;
  /** Null: each file's output goes below the folder that was named for it. */
  readonly #outputDir: string | null;

  /** False: outputs go to the current folder, under names of their own, as those of single files do. */
  readonly #isLocked: boolean;
  /** The folder was named for outputs alone. */
  readonly #isApart: boolean;

  constructor(given: SubmitOptions, cwd: string, command: string) {
    this.#command = command;
    this.#isLocked = given["output-dir"] !== null || given.replace;
    this.#isApart = given["output-dir"] !== null;
    this.#outputDir = given.replace ? null : resolve(cwd, given["output-dir"] ?? ".");
  }

  /** Tells outputs of this and earlier runs, and the folder that was named for them: they are no sources. */
  async outputs(): Promise<(path: string) => boolean> {
    const home = this.#outputDir;
    if (home === null) return () => false;
    const state = await this.#stateOf(home);
    return (path) => (path === home ? this.#isApart : state.byOutput(withSlashes(relative(home, path))) !== null);
  }

  async #stateOf(home: string): Promise<LibraryState> {
    const open = this.#states.get(home);
    if (open !== undefined) return open;
    await this.#lock(home);
    const state = await LibraryState.open(join(home, STATE_FILE));
    this.#states.set(home, state);
    if (this.#outputDir === null) await endReplacements(home, state);
    return state;
  }

  /** Errors: E_WORK_DIR_LOCKED. */
  async #lock(home: string): Promise<void> {
    if (!this.#isLocked) return;
    const { lockLibrary } = await import("../wiring/lock-library.ts");
    const lock = lockLibrary(home, this.#command);
    if (lock !== null) this.#locks.push(lock);
  }

  [Symbol.dispose](): void {
    for (const lock of this.#locks) lock[Symbol.dispose]();
  }

  /** Before the files are found: a replacement that was interrupted puts a file in its place. */
  async open(folders: readonly string[]): Promise<void> {
    for (const folder of folders) await this.#stateOf(this.#outputDir ?? folder);
  }

  async plan(files: readonly FoundFile[], names: LibraryNames): Promise<PlannedFile[]> {
    const planned = new Map<string, PlannedFile>();
    for (const [home, those] of Map.groupBy(files, ({ root }) => this.#outputDir ?? root)) {
      const state = await this.#stateOf(home);
      const outputs = this.#namesIn(those, names, state);
      for (const file of those) planned.set(file.path, { ...file, home, state, output: outputs.get(file.path) ?? "" });
    }
    return files.flatMap(({ path }) => planned.get(path) ?? []); // in the order in which they were found
  }

  #namesIn(files: readonly FoundFile[], { template, kind }: LibraryNames, state: LibraryState) {
    // What is replaced shares its folder with the other sources, whose names are theirs.
    const own = files.map(({ path, relative }) => [path, withSlashes(relative)] as const);
    const before = [...state.entries()].map(({ source, output }) => [source, output] as const);
    return assignNames(
      files.map(({ path, relative }) => ({
        source: path,
        sourceExtension: extname(path).slice(1),
        wanted: renderName(template, relative, kind),
      })),
      this.#outputDir === null ? [...before, ...own] : before,
    );
  }
}
