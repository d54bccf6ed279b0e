// Makes the job of one file of a library and notes it.
import { dirname, join } from "node:path";
import { createJobSchema, type JobView } from "../../api/contract.ts";
import { hostPort } from "../../api/server-address.ts";
import { sha256OfFile } from "../../base/digest.ts";
import { AppError, exitCodeOf } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";
import { requireWritableFolder } from "../jobs/save-output.ts";
import { checkInput } from "../submitting/check-input.ts";
import { askForJob, placeForJob } from "../submitting/make-job.ts";
import { insist } from "./insist.ts";
import type { LibraryEntry, LibraryResult } from "./library-state.ts";
import type { PlannedFile } from "./outcome.ts";
import { requireReplaceable } from "./replace-source.ts";
import { type Begun, factsOf, isResult, type LibraryRun, makeFolder } from "./run-context.ts";

/** Sources that the server may forget in a restart before we give up. */
const MOST_FORGOTTEN = 3;

/** Returns a reason where the source's content has an output already. */
export async function beginFile(file: PlannedFile, run: LibraryRun): Promise<Begun | { readonly reason: string }> {
  const { context, given } = run;
  const target = join(file.home, file.output);
  await checkInput(file.path, context.cwd);
  if (given.replace) await requireReplaceable(file);
  if (!given.detach) {
    await makeFolder(dirname(target), run);
    await requireWritableFolder(target);
  }
  return await run.placing.take(async () => {
    const sha256 = await sha256OfFile(file.path, 0, file.bytes, context.signal);
    const twin = await twinOf(file, sha256, run);
    if (twin !== null) return { reason: `the same as ${twin}` };
    run.contents.set(sha256, file.path);
    return await begin(file, sha256, target, run);
  });
}

/** Before any of the files begins: what an earlier run left under way is the content of its source, whichever begins first. */
export function noteUnderWay(
  files: readonly Pick<PlannedFile, "path" | "bytes" | "mtimeMs" | "state">[],
  { contents }: Pick<LibraryRun, "contents">,
): void {
  for (const { path, bytes, mtimeMs, state } of files) {
    const known = state.get(path);
    const isUnderWay = known?.result === null && known.bytes === bytes && known.mtime_ms === mtimeMs;
    if (isUnderWay && !contents.has(known.sha256)) contents.set(known.sha256, path);
  }
}

/** Another source with the same bytes that has its output, or is getting it; null: none, or nobody asks. */
async function twinOf(
  file: PlannedFile,
  sha256: string,
  { given, isWatch, contents }: LibraryRun,
): Promise<string | null> {
  const isAsked = isWatch || given["skip-if"].some(({ kind }) => kind === "in-output");
  if (given.force || !isAsked) return null;
  const other = contents.get(sha256);
  if (other !== undefined && other !== file.path) return other;
  for (const { source, sha256: known, output, result } of file.state.entries()) {
    if (known !== sha256 || source === file.path || result === null) continue;
    if (isResult(await factsOf(join(file.home, output)), result)) return source;
  }
  return null;
}

/** The note of what is asked comes first, so that a kill before the answer costs no second job. */
async function begin(file: PlannedFile, sha256: string, target: string, run: LibraryRun): Promise<Begun> {
  const { client, display, context, given } = run;
  const before = file.state.get(file.path);
  const wanted = { input: file.path, outputName: plainName(file.output), outputPath: target, subtitles: null };
  const making = { client, display, context, begin: () => {} };
  for (let forgotten = 0; ; ) {
    const body = await insist(() => placeForJob(wanted, given, making), context.signal);
    const asked = {
      server: hostPort(client.connection.server),
      key: newId(),
      job: createJobSchema.parse(body),
    };
    const entry: LibraryEntry = {
      source: file.path,
      bytes: file.bytes,
      mtime_ms: file.mtimeMs,
      sha256,
      request: run.request,
      output: file.output,
      asked,
      job: null,
      result: null,
      former: outputOf(before),
      replacing: null,
    };
    await file.state.put(entry);
    try {
      return await answered(file, entry, await insist(() => askForJob(asked.job, asked.key, making), context.signal));
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.code !== "E_UNKNOWN_ID" || ++forgotten > MOST_FORGOTTEN) throw thrown;
    }
  }
}

/** Of the last run that made one; null: none did. */
function outputOf(before: LibraryEntry | null): LibraryResult | null {
  const result = before?.result ?? null;
  return result === null || result.kind === "failed" ? (before?.former ?? null) : result;
}

async function answered(file: PlannedFile, entry: LibraryEntry, job: JobView): Promise<Begun> {
  const server = entry.asked?.server ?? "";
  const known = { ...entry, asked: null, job: { server, id: job.job_id } };
  await file.state.put(known);
  return { entry: known, job };
}

/** An earlier run asked for the job and did not hear the answer. Null: there is none, and a new one is needed. */
export async function askAgain(file: PlannedFile, entry: LibraryEntry, run: LibraryRun): Promise<Begun | null> {
  const { asked } = entry;
  const { client, display, context } = run;
  if (asked === null || asked.server !== hostPort(client.connection.server)) return null;
  const making = { client, display, context, begin: () => {} };
  try {
    return await answered(file, entry, await insist(() => askForJob(asked.job, asked.key, making), context.signal));
  } catch (thrown) {
    context.signal.throwIfAborted();
    // It was not made then; whatever the server says now it will say of a new one too.
    if (thrown instanceof AppError && exitCodeOf(thrown.code) !== 4) return null;
    throw thrown;
  }
}

/** The job's own name for its output: a header and other systems take it, whatever the source is called. */
function plainName(output: string): string {
  const name = output.slice(output.lastIndexOf("/") + 1);
  return name.toWellFormed().replace(/[\p{Cc}\\/]/gu, "_");
}
