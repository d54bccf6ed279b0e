// Makes the job of one file of a library and notes it.
import { dirname, join } from "node:path";
import type { JobView } from "../../api/contract.ts";
import { hostPort } from "../../api/server-address.ts";
import { sha256OfFile } from "../../base/digest.ts";
import { AppError } from "../../base/errors.ts";
import { requireWritableFolder } from "../jobs/save-output.ts";
import { checkInput } from "../submitting/check-input.ts";
import { makeJob } from "../submitting/make-job.ts";
import { insist } from "./insist.ts";
import type { LibraryEntry } from "./library-state.ts";
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

/** Another source with the same bytes that has its output, or is getting it; null: none, or nobody asks. */
async function twinOf(file: PlannedFile, sha256: string, { given, contents }: LibraryRun): Promise<string | null> {
  if (given.force || !given["skip-if"].some(({ kind }) => kind === "in-output")) return null;
  const other = contents.get(sha256);
  if (other !== undefined && other !== file.path) return other;
  for (const { source, sha256: known, output, result } of file.state.entries()) {
    if (known !== sha256 || source === file.path || result === null) continue;
    if (isResult(await factsOf(join(file.home, output)), result)) return source;
  }
  return null;
}

async function begin(file: PlannedFile, sha256: string, target: string, run: LibraryRun): Promise<Begun> {
  const before = file.state.get(file.path);
  const job = await askForJob(file, target, run);
  const entry: LibraryEntry = {
    source: file.path,
    bytes: file.bytes,
    mtime_ms: file.mtimeMs,
    sha256,
    request: run.request,
    output: file.output,
    job: { server: hostPort(run.client.connection.server), id: job.job_id },
    result: null,
    former: before?.result ?? before?.former ?? null,
    replacing: null,
  };
  await file.state.put(entry);
  return { entry, job };
}

/** The job's own name for its output: a header and other systems take it, whatever the source is called. */
function plainName(output: string): string {
  const name = output.slice(output.lastIndexOf("/") + 1);
  return name.toWellFormed().replace(/[\p{Cc}\\/]/gu, "_");
}

async function askForJob(file: PlannedFile, target: string, run: LibraryRun): Promise<JobView> {
  const { client, display, context, given } = run;
  const wanted = { input: file.path, outputName: plainName(file.output), outputPath: target, subtitles: null };
  const making = { client, display, context, begin: () => {} };
  for (let forgotten = 0; ; ) {
    try {
      return await insist(() => makeJob(wanted, given, making), context.signal);
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.code !== "E_UNKNOWN_ID" || ++forgotten > MOST_FORGOTTEN) throw thrown;
    }
  }
}
