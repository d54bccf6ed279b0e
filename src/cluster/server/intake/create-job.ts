// Makes a job of a request and a source: accepts or refuses the source, then fixes everything that never changes.
import { newId } from "../../../base/ids.ts";
import { toNumber } from "../../../base/rational.ts";
import { mustTryCopies } from "../../../media/audio/try-copies.ts";
import { findCadence } from "../../../media/cadence/find-cadence.ts";
import { readInventory } from "../../../media/ffmpeg/builds/inventory.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import type { EncodeRequest } from "../../../media/model/encode-request.ts";
import type { VerifyMode } from "../../../media/model/proof.ts";
import type { DecodedPicture, SourceInfo } from "../../../media/model/source.ts";
import { alikeReleases } from "../../../media/plan/alike-releases.ts";
import { type Needs, needsOf, requireNeeds } from "../../../media/plan/needs.ts";
import { audioToEncode, type StreamPlan } from "../../../media/plan/stream-plan.ts";
import { type PlannedSource, planSource } from "../../../media/recipe/plan-source.ts";
import { planVideo } from "../../../media/recipe/plan-video.ts";
import { requireRateKept, withBitrateForSize } from "../../../media/recipe/size-goal.ts";
import { trySource } from "../../../media/recipe/try-source.ts";
import { bitrateGoalOf } from "../../../media/request/args/bitrate-requests.ts";
import { plainName } from "../../../media/request/args/encoded-format.ts";
import { textDrawers } from "../../../media/request/args/split-mode.ts";
import { codecOfEncoder } from "../../../media/request/tables/encoders.ts";
import type { Client } from "../../scheduler/model/client.ts";
import type { NewJob } from "../../scheduler/model/input.ts";
import type { JobSettings } from "../../scheduler/model/job.ts";
import { type HeldSource, holdSource, withSourcePath } from "../job/held-source.ts";
import { JobFolders } from "../job/job-folders.ts";
import type { JobRecord, SourceRecord } from "../job/job-record.ts";
import { requestOf } from "../job/job-request.ts";
import type { RemoteReader } from "../job/remote-reader.ts";
import { sourceChanged } from "../job/unchanged-source.ts";
import { type CheckedRequest, checkRequest, type RequestDefaults } from "./check-request.ts";
import { chooseEncoder } from "./choose-encoder.ts";
import type { JobRequest } from "./job-request.ts";
import { onOneClock } from "./one-clock.ts";
import { chooseFormat, type FormatPlan, isAnyoneAble } from "./plan-format.ts";
import { type AskedSize, neededBytes, requireRoom } from "./room-for-job.ts";

export interface JobDefaults extends RequestDefaults {
  readonly exactly: boolean;
  readonly verify: VerifyMode;
  readonly blockBytes: number;
  readonly settings: JobSettings;
}

export interface PreparedJob {
  readonly record: JobRecord;
  readonly job: NewJob;
}

/** Where a job is prepared. */
export interface IntakePlace {
  readonly workDir: string;
  /** Those that the server knows now. */
  readonly clients: () => Iterable<Client>;
  readonly remote: RemoteReader;
  /** Makes what the server keeps for looks go where the disk needs so many bytes. */
  readonly makeRoom: (bytes: number) => Promise<void>;
}

interface Place extends IntakePlace {
  readonly jobId: string;
  readonly held: HeldSource;
}

/** Errors: those of checkRequest, planSource and onOneClock, E_NO_SPACE, E_SOURCE_CHANGED. */
export async function prepareJob(
  tools: Tools,
  defaults: JobDefaults,
  asked: JobRequest,
  source: SourceRecord,
  at: IntakePlace,
): Promise<PreparedJob> {
  await using held = await holdSource({ tools, remote: at.remote }, source, defaults.blockBytes);
  const place = { ...at, jobId: newId(), held };
  try {
    const hasSubtitles = (asked.subtitlesSourceId ?? null) !== null;
    const checked = checkRequest(defaults, asked.ffmpegParams, asked.outputName, source.name, hasSubtitles);
    await requireRoom(place.workDir);
    const accepted = await acceptSource(tools, { defaults, asked, checked }, source, place);
    const planned = await planJob(tools, { defaults, asked, checked }, accepted, place);
    const needed = neededBytes(sizeOf(planned));
    await at.makeRoom(needed);
    await requireRoom(place.workDir, needed);
    return planned;
  } catch (thrown) {
    await new JobFolders(place.workDir).removeAll(place.jobId);
    // Whatever failed: a source that can't be read is the true reason.
    throw at.remote.failure(source) ?? withSourcePath(thrown, held, source);
  }
}

function sizeOf({ record, job }: PreparedJob): AskedSize {
  const { request, outputBytes } = record;
  return { bytes: outputBytes ?? null, bitsPerSecond: request.video.bitrate, seconds: job.durationSeconds };
}

interface Wanted {
  readonly defaults: JobDefaults;
  readonly asked: JobRequest;
  readonly checked: CheckedRequest;
}

interface AcceptedSource {
  /** The submitted file, or what was made of it. */
  readonly source: SourceRecord;
  /** Where the source is read. */
  readonly path: string;
  readonly info: SourceInfo;
  readonly plan: StreamPlan;
  /** What was done to the submitted file; null: nothing. */
  readonly corrected: string | null;
  readonly needs: Needs;
  /** How the range of its pictures changes in the middle; null: it does not. */
  readonly rangeChange: string | null;
  /** The one pixel format of all segments, and the request that states it. */
  readonly stated: FormatPlan;
  /** Of the pictures behind all filters, by the trial; null: not known. */
  readonly size: string | null;
  /** Its first picture as the trial decoded it; null: not known. */
  readonly firstPicture: DecodedPicture | null;
}

/** Errors: every reason to refuse the source; E_ENCODE_REQUEST where the server's own ffmpeg lacks something. */
async function acceptSource(
  tools: Tools,
  { defaults, asked, checked }: Wanted,
  handedIn: SourceRecord,
  { jobId, workDir, clients, held, remote }: Place,
): Promise<AcceptedSource> {
  const first = await planSource(tools, held.path, checked, {
    named: handedIn.kind === "remote" ? held.path : handedIn.path,
  });
  const request = await withBitrateForSize(tools, { path: held.path, ...first }, checked.request);
  const needs = await findNeeds(tools, first, request);
  const { encoder } = chooseEncoder(request, asked, first.info).first;
  if (checked.request.video.outputBytes !== undefined)
    requireRateKept(requestOf({ request, info: first.info }, encoder));
  const { picture, decoded, rangeChange } = await trySource(tools, { path: held.path, ...first }, { request, encoder });
  const tried = picture?.pixelFormat ?? null;
  const stated = chooseFormat(tools, { request, encoder, video: first.info.video, tried }, (lacking) =>
    isAnyoneAble(clients(), chooseEncoder(request, asked, first.info, plainName(lacking))),
  );
  const folder = new JobFolders(workDir).of(jobId);
  const job = { jobId, blockBytes: defaults.blockBytes };
  const named = { name: handedIn.name, path: held.path, planned: first };
  const made = await onOneClock(tools, named, checked, folder, job);
  if (!(await held.isSame())) throw remote.failure(handedIn) ?? (await sourceChanged(handedIn));
  const { source, path, note } = made ?? { source: handedIn, path: held.path, note: null };
  const { info, plan } = made?.planned ?? first;
  const firstPicture = made === null ? decoded : null;
  const size = picture?.size ?? null;
  return { source, path, info, plan, corrected: note, needs, rangeChange, stated, size, firstPicture };
}

/** What clients need for the job. Errors: E_SOURCE_REFUSED, E_ENCODE_REQUEST. */
async function findNeeds(tools: Tools, { info, plan }: PlannedSource, request: EncodeRequest): Promise<Needs> {
  const needs = needsOf(info, request);
  const audioEncoders = audioToEncode(plan).map(({ action }) => action.encoder);
  const outputCodec = codecOfEncoder(request.video.encoder);
  requireNeeds(tools, await readInventory(tools), needs, { audioEncoders, outputCodec });
  return needs;
}

/** Fixes everything about the job that never changes. */
async function planJob(
  tools: Tools,
  { defaults, asked, checked }: Wanted,
  { source, path, info, plan, corrected, needs, rangeChange, stated, size, firstPicture }: AcceptedSource,
  { jobId, workDir }: Place,
): Promise<PreparedJob> {
  const { requestText, container, outputName } = checked;
  const { exactly, blockBytes } = defaults;
  const { request, why } = await findCadence(tools, stated.request, { path, info, workDir });
  const releases = alikeReleases(tools, info, request);
  const { first: chosen, settings } = chooseEncoder(request, asked, info, stated.format);
  const draws = textDrawers(request);
  const resolved = requestOf({ request, info }, chosen.encoder);
  const rate = bitrateGoalOf(resolved);
  const video = planVideo({ info, request, resolved, container, exactly, whyNoCadence: why, rangeChange });
  const { split, grid, encoderTimeBase, frameRate } = video;
  return {
    record: {
      jobId,
      request,
      requestText,
      container,
      outputName,
      source,
      info,
      exactly,
      verify: asked.verify ?? defaults.verify,
      blockBytes,
      encoderTimeBase,
      ...(grid === null ? {} : { grid }),
      ...(corrected === null ? {} : { corrected }),
      ...(checked.request.video.outputBytes === undefined ? {} : { outputBytes: checked.request.video.outputBytes }),
      ...(firstPicture === null ? {} : { firstPicture }),
    },
    job: {
      id: jobId,
      fileName: asked.name ?? source.name,
      settings: {
        ...defaults.settings,
        requiredClients: asked.requiredClients ?? defaults.settings.requiredClients,
        ...settings,
        picture: { ...settings.picture, ...(size === null ? {} : { size }) },
        needs: { ...needs, ...(releases === null ? {} : { releases }) },
      },
      encoder: chosen.encoder,
      family: chosen.family,
      split,
      ...(draws.length === 0 ? {} : { text: { draws, print: null } }),
      timeBase: info.video.timeBase,
      durationSeconds: info.durationMicroseconds === null ? null : info.durationMicroseconds / 1e6,
      frameRate: frameRate === null ? null : toNumber(frameRate),
      ...(rate === null ? {} : { rate }),
      hasSoundWork: audioToEncode(plan).length > 0 || mustTryCopies(info, plan),
    },
  };
}
