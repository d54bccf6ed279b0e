// `ffcluster watch`: looks at a folder again and again, and encodes each file once that is fully written. It only looks, and
// needs no events of the file system, which networks do not carry.
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { delay } from "../../base/clock.ts";
import { AppError, errnoOf } from "../../base/errors.ts";
import { printable } from "../../base/printable.ts";
import type { CommandContext } from "../cli/command.ts";
import { askHowManyAhead } from "../library/ask-server.ts";
import { noteUnderWay } from "../library/begin-file.ts";
import { findFiles } from "../library/find-files.ts";
import { inParallel } from "../library/in-parallel.ts";
import { type OpenRun, openRun } from "../library/open-run.ts";
import type { PlannedFile } from "../library/outcome.ts";
import { Homes } from "../library/plan-files.ts";
import type { SubmitOptions } from "../submitting/options.ts";
import { StillFiles } from "./still-files.ts";

const SERVER_AWAY_PAUSE_MS = 10_000;

export interface WatchTimes {
  readonly settleMs: number;
  readonly pollMs: number;
}

/** Errors: E_USAGE. */
async function requireFolder(folder: string, given: SubmitOptions): Promise<void> {
  if (given["output-dir"] === null && !given.replace) {
    throw new AppError("E_USAGE", "--output-dir is missing", "Name the folder for the outputs, or use --replace.");
  }
  try {
    if ((await stat(folder)).isDirectory()) return;
  } catch (thrown) {
    if (errnoOf(thrown) === null) throw thrown;
    throw new AppError("E_USAGE", `${folder} can't be watched: ${errnoOf(thrown)}`, "Name a folder.", {
      cause: thrown,
    });
  }
  throw new AppError("E_USAGE", `${folder} is not a folder`, "Name a folder; `ffcluster submit` takes files.");
}

/** Calls until the server is there. */
function untilThere(context: CommandContext) {
  return async <T>(act: () => Promise<T>): Promise<T> => {
    for (let isSaid = false; ; isSaid = true) {
      try {
        return await act();
      } catch (thrown) {
        context.signal.throwIfAborted();
        if (!(thrown instanceof AppError) || thrown.code !== "E_UNREACHABLE") throw thrown;
        if (!isSaid) context.stderr.write(`${printable(thrown.message)}; waiting for it\n`);
        await delay(SERVER_AWAY_PAUSE_MS, context.signal);
        context.signal.throwIfAborted();
      }
    }
  };
}

class Watch implements Disposable {
  readonly #folder: string;
  readonly #times: WatchTimes;
  readonly #open: OpenRun;
  readonly #homes: Homes;
  readonly #still: StillFiles;

  constructor(folder: string, times: WatchTimes, open: OpenRun) {
    this.#folder = folder;
    this.#times = times;
    this.#open = open;
    this.#homes = new Homes(open.run.given, open.run.context.cwd, "ffcluster watch");
    this.#still = new StillFiles(times.settleMs);
  }

  [Symbol.dispose](): void {
    this.#homes[Symbol.dispose]();
  }

  /** Files as they become still; looks again only when there is room for them. */
  async *arrivals(): AsyncGenerator<PlannedFile> {
    const { given, context } = this.#open.run;
    const { cwd, signal } = context;
    await this.#homes.open([this.#folder]);
    while (!signal.aborted) {
      const isOurs = await this.#homes.outputs();
      const found = await findFiles([this.#folder], { cwd, isRecursive: given.recursive, isOurs, signal });
      for (const { path, error } of found.bad) this.#open.report.note(`${path}: ${error.message}`);
      const planned = await this.#homes.plan(this.#still.look(found.files, performance.now()), this.#open.names);
      noteUnderWay(planned, this.#open.run);
      yield* planned;
      await delay(this.#times.pollMs, signal);
    }
  }
}

/** Ends when it is interrupted. Errors: those of openRun, E_INTERRUPTED. */
export async function watchFolder(
  input: string,
  given: SubmitOptions,
  times: WatchTimes,
  context: CommandContext,
): Promise<void> {
  const folder = resolve(context.cwd, input);
  await requireFolder(folder, given);
  const ask = untilThere(context);
  await using open = await openRun({ given, isWatch: true, ask }, context);
  using watch = new Watch(folder, times, open);
  const ahead = await ask(() => askHowManyAhead(given, open.run.client));
  open.report.note(`Watching ${folder}. Ctrl-C ends it; it goes on with the same command.`);
  await inParallel(watch.arrivals(), ahead, (file) => open.encode(file));
  await open.throwIfStopped();
}
