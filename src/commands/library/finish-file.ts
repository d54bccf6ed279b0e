// Follows the job of one file of a library to its end and puts its output where it belongs.
import { chmod, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { JobView, Proof } from "../../api/contract.ts";
import { outputExists } from "../../api/download.ts";
import { sha256OfFile } from "../../base/digest.ts";
import { CommandFailure, failureOf } from "../cli/command-failure.ts";
import { followToEnd } from "../jobs/follow-job.ts";
import { saveOutput } from "../jobs/save-output.ts";
import { insist } from "./insist.ts";
import type { LibraryEntry } from "./library-state.ts";
import type { Outcome, PlannedFile } from "./outcome.ts";
import { replaceSource, requireReplaceable, stagedPath } from "./replace-source.ts";
import { type Begun, factsOf, isResult, type LibraryRun, makeFolder } from "./run-context.ts";

/** Errors: CommandFailure when the job fails, and whatever keeps its output from its place. */
export async function finishFile(file: PlannedFile, { entry, job }: Begun, run: LibraryRun): Promise<Outcome> {
  const { client, context, display, given } = run;
  run.onJob(file.path, job);
  if (given.detach) return { kind: "submitted", jobId: job.job_id };
  const onView = (view: JobView) => run.onJob(file.path, view);
  const last = await followToEnd({ client, jobId: job.job_id, context, display, printsEvents: false, onView });
  if (last.status !== "Completed") throw failureOf(last);
  if (given["if-larger"] === "keep-source" && (last.output?.bytes ?? 0) >= file.bytes) {
    const result = { kind: "kept-source", bytes: file.bytes, mtime_ms: file.mtimeMs } as const;
    await file.state.put({ ...entry, result });
    return { kind: "kept", jobId: last.job_id, outputBytes: last.output?.bytes ?? 0 };
  }
  const proof = await insist(() => client.proof(last.job_id), context.signal);
  const done = given.replace
    ? await replace(file, { entry, job: last, proof }, run)
    : await save(file, { entry, job: last }, run);
  await file.state.put(done);
  const output = join(file.home, done.output);
  return { kind: "encoded", job: last, proof, output, outputBytes: done.result?.bytes ?? 0 };
}

async function save(file: PlannedFile, { entry, job }: Begun, run: LibraryRun): Promise<LibraryEntry> {
  const { client, context, given } = run;
  const target = join(file.home, entry.output);
  if (!(await isSavedAlready(job, target))) {
    const existing = await factsOf(target);
    const mayOverwrite = given.force || isResult(existing, entry.former);
    if (existing !== null && !mayOverwrite) throw outputExists(target, job.job_id);
    await makeFolder(dirname(target), run);
    await saveOutput(client, job, { path: target, mayOverwrite }, null, context.signal);
    if (run.umask !== null) await chmod(target, 0o666 & ~run.umask);
  }
  if (given["keep-dates"]) await utimes(target, file.mtimeMs / 1000, file.mtimeMs / 1000);
  const { size, mtimeMs } = await stat(target);
  return { ...entry, result: { kind: "encoded", bytes: size, mtime_ms: mtimeMs } };
}

/** A kill between the last byte and the note of it leaves a whole output. */
async function isSavedAlready({ output }: JobView, target: string): Promise<boolean> {
  const existing = await factsOf(target);
  if (existing === null || output === null || existing.size !== output.bytes) return false;
  return (await sha256OfFile(target)) === output.sha256;
}

interface Proven extends Begun {
  readonly proof: Proof;
}

async function replace(file: PlannedFile, { entry, job, proof }: Proven, run: LibraryRun): Promise<LibraryEntry> {
  const { client, context, given } = run;
  if (!proof.exact) {
    const failed = proof.checks.filter(({ ok }) => !ok).map(({ name }) => name);
    const message = `its output is not proven exact (${failed.join(", ")}); the source was kept`;
    const hint = `\`ffcluster jobs proof ${job.job_id}\` says more.`;
    throw new CommandFailure("failed", job.job_id, { code: "E_NOT_EXACT", message, hint });
  }
  await requireReplaceable(file);
  const target = join(file.home, entry.output);
  if (target !== file.path && (await factsOf(target)) !== null) throw outputExists(target, job.job_id);
  await saveOutput(client, job, { path: stagedPath(target), mayOverwrite: true }, null, context.signal);
  return await replaceSource(file, { entry, target, keepsDate: given["keep-dates"] });
}
