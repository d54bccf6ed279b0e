// The last step of a job's end: writes `proof.json`, and fails the job when a check does not hold.
import { AppError } from "../../../base/errors.ts";
import { writeFileDurably } from "../../../base/files.ts";
import type { Proof } from "../../../media/model/proof.ts";
import { inexactFilter } from "../../../media/request/args/split-mode.ts";
import { BITRATE_CHECKS } from "../../../media/verify/check-bitrate.ts";
import { lostDepth } from "../../../media/verify/picture/measure/format-loss.ts";
import { ACCEPTED_CHECKS, buildProof } from "../../../media/verify/proof.ts";
import { bitrateNotes } from "../job/bitrate-task-of.ts";
import type { JobFolders } from "../job/job-folders.ts";
import { leftOut } from "../job/job-request.ts";
import type { CheckedOutput } from "./check-finished.ts";
import { writeFramePlan } from "./frame-plan-file.ts";
import type { GatheredOutput } from "./gather-output.ts";
import { compareSeams, notesOf, proofSegment } from "./proof-words.ts";

export interface ProvenOutput {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

async function notesFor({ work, job, segments, recipe, remuxed }: GatheredOutput, timesByFilters: boolean) {
  const { corrected, origin, destination } = work.record;
  return [
    ...(origin === undefined ? [] : [`the source is ${origin}`]),
    ...(destination === undefined ? [] : [`the output goes to ${destination.shown}`]),
    ...(corrected === undefined ? [] : [corrected]),
    ...(remuxed === null ? [] : [`remuxed first: ${remuxed}`]),
    ...notesOf(job, recipe.index, segments, timesByFilters),
    ...(await work.source.uncopied()).notes,
    ...(await work.source.soundNotes()),
    ...bitrateNotes(job),
    ...leftOut(work.record, job.encoder),
  ];
}

/** What `--exactly=false` accepts, and a missed bit rate, does not fail the job: the proof reports it. */
function requireHeld({ checks }: Proof): void {
  const broken = checks.filter(({ name, ok }) => !ok && !ACCEPTED_CHECKS.has(name) && !BITRATE_CHECKS.has(name));
  if (broken.length === 0) return;
  const failed = broken.map((check) => `${check.name}: ${check.detail ?? "no"}`);
  throw new AppError(
    "E_NOT_EXACT",
    `the output fails its proof (${failed.join("; ")})`,
    "`ffcluster jobs proof` shows every check; the segments are kept.",
  );
}

/** Errors: E_NOT_EXACT, after the proof is written. */
export async function proveOutput(
  folders: JobFolders,
  gathered: GatheredOutput,
  checked: CheckedOutput,
): Promise<ProvenOutput> {
  const { work, job, segments, recipe } = gathered;
  const { info, index, plan, request } = recipe;
  const output = { name: work.record.outputName, bytes: checked.bytes, sha256: checked.sha256 };
  const { outputCheck } = checked;
  const proof = buildProof({
    jobId: job.id,
    info,
    plan,
    framesExpected: checked.frames,
    segments: segments.map(proofSegment),
    facts: segments.map(({ facts }) => facts),
    seams: compareSeams(segments),
    output,
    outputCheck: { ...outputCheck, lost: [...lostDepth(info.video, request), ...outputCheck.lost] },
    encoder: {
      name: request.video.encoder,
      family: job.family,
      versions: [...new Set(segments.map(({ landed }) => landed.report.ffmpegVersion))].sort(),
    },
    // The wall clock may have been set back.
    wallSeconds: Math.max(0, Date.now() - Date.parse(job.createdAt)) / 1000,
    notes: await notesFor(gathered, checked.timesByFilters),
    isUncounted: index.uncounted.withoutPts > 0 && !work.record.exactly,
    inexactFilter: inexactFilter(request, job.split),
    bitrateChecks: checked.bitrateChecks,
  });
  await writeFramePlan(folders.of(job.id), outputCheck.framePlan, gathered.remuxed !== null);
  await writeFileDurably(folders.of(job.id).proof, `${JSON.stringify(proof, null, 2)}\n`);
  requireHeld(proof);
  return output;
}
