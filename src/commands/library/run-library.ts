// `submit` for several files: finds them, names their outputs, has some of them under way at a time, and reports each.
import { dirname, resolve } from "node:path";
import type { CommandContext } from "../cli/command.ts";
import type { SubmitOptions } from "../submitting/options.ts";
import { notify } from "../telling/notify.ts";
import { askHowManyAhead } from "./ask-server.ts";
import { noteUnderWay } from "./begin-file.ts";
import { findFiles } from "./find-files.ts";
import { inParallel } from "./in-parallel.ts";
import { openRun } from "./open-run.ts";
import { Homes } from "./plan-files.ts";
import { requireFiles } from "./requests.ts";

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/** Folders among the inputs, and those of files. */
function homesOf(inputs: readonly string[], cwd: string): string[] {
  return inputs.flatMap((input) => [resolve(cwd, input), dirname(resolve(cwd, input))]);
}

/** Errors: those of the request and of reaching the server, E_USAGE, E_INTERRUPTED. Returns the exit code. */
export async function runLibrary(
  inputs: readonly string[],
  given: SubmitOptions,
  context: CommandContext,
): Promise<number> {
  requireFiles(inputs);
  await using open = await openRun({ given, isWatch: false, ask: (act) => act() }, context);
  const { run, names, report } = open;
  const { cwd, signal } = run.context;
  using homes = new Homes(given, cwd, "ffcluster submit");
  await homes.open(homesOf(inputs, cwd));
  const isOurs = await homes.outputs();
  const found = await findFiles(inputs, { cwd, isRecursive: given.recursive, isOurs, signal });
  for (const { path, error } of found.bad) report.file(path, 0, { kind: "failed", error, jobId: null });
  const files = await homes.plan(found.files, names);
  noteUnderWay(files, run);
  const ahead = files.length > 0 ? await askHowManyAhead(given, run.client) : 1;
  await inParallel(each(files), ahead, (file) => open.encode(file));
  const exitCode = report.end(found.leftOut);
  await open.throwIfStopped();
  const failed = exitCode === 0 ? "all came to a good end" : "some failed";
  if (given.notify) await notify("Videos encoded", `${files.length} files; ${failed}`, context);
  return exitCode;
}
