// One file of a library, from its source to its output: what is done already is left alone, what is under way is followed,
// everything else becomes a job.
import { join } from "node:path";
import { hostPort } from "../../api/server-address.ts";
import { AppError } from "../../base/errors.ts";
import { askAgain, beginFile } from "./begin-file.ts";
import { finishFile } from "./finish-file.ts";
import { insist } from "./insist.ts";
import type { LibraryEntry } from "./library-state.ts";
import type { Outcome, PlannedFile } from "./outcome.ts";
import { withSlashes } from "./plan-files.ts";
import { type Begun, factsOf, isResult, type LibraryRun } from "./run-context.ts";
import { whySkip } from "./skip-rules.ts";

const skipped = (reason: string): Outcome => ({ kind: "skipped", reason });

/** Errors: whatever keeps the file from having its output. */
export async function encodeFile(file: PlannedFile, run: LibraryRun): Promise<Outcome> {
  const { force } = run.given;
  const known = file.state.get(file.path);
  const isSame = known !== null && known.bytes === file.bytes && known.mtime_ms === file.mtimeMs;
  const done = force ? null : await whyDone(file, isSame ? known : null, run);
  if (done !== null) return skipped(done);
  const before = isSame && known.request === run.request ? await begunBefore(file, known, run) : null;
  if (before !== null) return await finishFile(file, before, run);
  const existing = await factsOf(join(file.home, file.output));
  const isFree = existing === null || isResult(existing, known?.result ?? known?.former ?? null);
  if (!force && !isFree && !isOwnPlace(file, run)) {
    return skipped("its output is there already, and not from here; --force makes it anew");
  }
  const rule = await ruleFor(file, run);
  if (rule !== null) return skipped(rule);
  const begun = await beginFile(file, run);
  return "reason" in begun ? skipped(begun.reason) : await finishFile(file, begun, run);
}

/** Of --replace: the output has the source's own name. */
function isOwnPlace(file: PlannedFile, { given }: LibraryRun): boolean {
  return given.replace && join(file.home, file.output) === file.path;
}

/** Why there is nothing to do for the file; null: there is. `known`: of this state of the source. */
async function whyDone(
  file: PlannedFile,
  known: LibraryEntry | null,
  { request, given, isWatch }: LibraryRun,
): Promise<string | null> {
  const made = given.replace ? file.state.byOutput(withSlashes(file.relative)) : null;
  if (made !== null && isResult({ size: file.bytes, mtimeMs: file.mtimeMs }, made.result)) return "made before";
  if (known === null || known.result === null) return null;
  if (known.result.kind === "failed") return isWatch && known.request === request ? "failed before" : null;
  const isThere = isResult(await factsOf(join(file.home, known.output)), known.result);
  if (known.request !== request) {
    return isThere && known.output === file.output ? "made before with another request; --force makes it anew" : null;
  }
  if (known.result.kind === "kept-source") return "kept before: its output was larger";
  return isThere ? "made before" : null;
}

/** The job of an earlier run, if it can still come to a good end; null: a new one is needed. */
async function begunBefore(file: PlannedFile, known: LibraryEntry, run: LibraryRun): Promise<Begun | null> {
  const { client, context } = run;
  const { job } = known;
  if (job === null) return await askAgain(file, known, run);
  if (job.server !== hostPort(client.connection.server)) return null;
  try {
    const view = await insist(() => client.job(job.id), context.signal);
    return view.status === "Failed" || view.status === "Cancelled" ? null : { entry: known, job: view };
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === "E_UNKNOWN_ID") return null;
    throw thrown;
  }
}

async function ruleFor({ path, bytes }: PlannedFile, run: LibraryRun): Promise<string | null> {
  const { given, readFacts, madeCodec, placing, context } = run;
  const rules = given["skip-if"];
  if (rules.length === 0) return null;
  const early = whySkip(rules, { bytes, probed: null, madeCodec });
  if (early !== null || readFacts === null) return early;
  const probed = await placing.take(() => readFacts(path, context.signal));
  return whySkip(rules, { bytes, probed, madeCodec });
}

/** A watched folder does not try a file again that has not changed; `submit` does. */
export async function rememberFailure(file: PlannedFile, run: LibraryRun): Promise<void> {
  const known = file.state.get(file.path);
  const { path: source, bytes, mtimeMs: mtime_ms, output } = file;
  const former = known?.result?.kind === "failed" ? known.former : (known?.result ?? known?.former ?? null);
  const isSame = known?.bytes === bytes && known.mtime_ms === mtime_ms;
  await file.state.put({
    ...{ source, bytes, mtime_ms, output, former, request: run.request },
    ...{ sha256: isSame ? known.sha256 : "", asked: null, job: isSame ? known.job : null },
    replacing: known?.replacing ?? null,
    result: { kind: "failed", bytes, mtime_ms },
  });
}
