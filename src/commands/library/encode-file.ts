// One file of a library, from its source to its output: what is done already is left alone, what is under way is followed,
// everything else becomes a job.
import { join } from "node:path";
import type { JobView } from "../../api/contract.ts";
import { hostPort } from "../../api/server-address.ts";
import { AppError } from "../../base/errors.ts";
import { beginFile } from "./begin-file.ts";
import { finishFile } from "./finish-file.ts";
import { insist } from "./insist.ts";
import type { LibraryEntry } from "./library-state.ts";
import type { Outcome, PlannedFile } from "./outcome.ts";
import { withSlashes } from "./plan-files.ts";
import { factsOf, isResult, type LibraryRun } from "./run-context.ts";
import { whySkip } from "./skip-rules.ts";

const skipped = (reason: string): Outcome => ({ kind: "skipped", reason });

/** Errors: whatever keeps the file from having its output. */
export async function encodeFile(file: PlannedFile, run: LibraryRun): Promise<Outcome> {
  const { force } = run.given;
  const known = file.state.get(file.path);
  const isSame = known !== null && known.bytes === file.bytes && known.mtime_ms === file.mtimeMs;
  const done = force ? null : await whyDone(file, isSame ? known : null, run);
  if (done !== null) return skipped(done);
  const job = isSame && known.request === run.request ? await jobBefore(known, run) : null;
  if (job !== null && isSame) return await finishFile(file, { entry: known, job }, run);
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
  { request, given }: LibraryRun,
): Promise<string | null> {
  const made = given.replace ? file.state.byOutput(withSlashes(file.relative)) : null;
  if (made !== null && isResult({ size: file.bytes, mtimeMs: file.mtimeMs }, made.result)) return "made before";
  if (known === null || known.result === null) return null;
  const isThere = isResult(await factsOf(join(file.home, known.output)), known.result);
  if (known.request !== request) {
    return isThere && known.output === file.output ? "made before with another request; --force makes it anew" : null;
  }
  if (known.result.kind === "kept-source") return "kept before: its output was larger";
  return isThere ? "made before" : null;
}

/** The job of an earlier run, if it can still come to a good end; null: a new one is needed. */
async function jobBefore({ job }: LibraryEntry, { client, context }: LibraryRun): Promise<JobView | null> {
  if (job === null || job.server !== hostPort(client.connection.server)) return null;
  try {
    const view = await insist(() => client.job(job.id), context.signal);
    return view.status === "Failed" || view.status === "Cancelled" ? null : view;
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
