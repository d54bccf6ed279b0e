// From a request to a job: parse and check the encode request, probe the source, fix everything that never changes.
import { extname } from "node:path";
import { AppError } from "../../../base/errors.ts";
import { freeBytes } from "../../../base/files.ts";
import { newId } from "../../../base/ids.ts";
import { toNumber } from "../../../base/rational.ts";
import { requireStart } from "../../../media/audio/require-start.ts";
import { requireHeard } from "../../../media/audio/silent-tracks.ts";
import { mustTryCopies } from "../../../media/audio/try-copies.ts";
import { findCadence } from "../../../media/cadence/find-cadence.ts";
import { sampledRangeChange } from "../../../media/colour/seen-ranges.ts";
import { forContainer } from "../../../media/colour/untold-range.ts";
import { readInventory } from "../../../media/ffmpeg/inventory.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import type { EncodeRequest } from "../../../media/model/encode-request.ts";
import type { VerifyMode } from "../../../media/model/proof.ts";
import type { Container, SourceInfo } from "../../../media/model/source.ts";
import { alikeReleases } from "../../../media/plan/alike-releases.ts";
import { candidateGrid } from "../../../media/plan/candidate-grid.ts";
import { type Needs, needsOf, requireNeeds } from "../../../media/plan/needs.ts";
import { audioToEncode, chosenVideoStream, planStreams, type StreamPlan } from "../../../media/plan/stream-plan.ts";
import { encoderTimeBase, outputFrameRate } from "../../../media/plan/time-base.ts";
import { bitrateGoalOf } from "../../../media/request/args/bitrate-requests.ts";
import { splitMode, textDrawers, unlessWhole } from "../../../media/request/args/split-mode.ts";
import { parseEncodeParams } from "../../../media/request/parse/parse-params.ts";
import { checkContainer, containerOf, extensionOf } from "../../../media/request/tables/containers.ts";
import { codecOfEncoder } from "../../../media/request/tables/encoders.ts";
import { probeSource } from "../../../media/source/probe.ts";
import { withStartOf } from "../../../media/source/source-clock.ts";
import { requireBurnable, withUpload } from "../../../media/subtitles/burn-in-files.ts";
import type { NewJob } from "../../scheduler/model/input.ts";
import type { JobSettings } from "../../scheduler/model/job.ts";
import { JobFolders } from "../job/job-folders.ts";
import { requestOf } from "../job/job-request.ts";
import type { JobRecord, JobRequest, SourceRecord } from "../ports.ts";
import { chooseEncoder } from "./choose-encoder.ts";
import { onOneClock } from "./one-clock.ts";
import { requireEncodable } from "./require-encodable.ts";

/** Room a job needs at least, whatever its source: database, first segments, proof. */
const LEAST_FREE_BYTES = 16 * 1024 * 1024;

export interface RequestDefaults {
  readonly ffmpegParams: string;
  /** Null: `<input stem>.ffcluster.mp4`. */
  readonly fileNameOutput: string | null;
}

export interface JobDefaults extends RequestDefaults {
  readonly exactly: boolean;
  readonly verify: VerifyMode;
  readonly blockBytes: number;
  readonly settings: JobSettings;
}

export interface CheckedRequest {
  readonly request: EncodeRequest;
  readonly requestText: string;
  readonly container: Container;
  readonly outputName: string;
}

function stemOf(name: string): string {
  return name.slice(0, name.length - extname(name).length) || name;
}

function defaultOutputName(defaults: RequestDefaults, request: EncodeRequest, inputName: string): string {
  const name = defaults.fileNameOutput ?? `${stemOf(inputName)}.ffcluster.mp4`;
  const { format } = request.container;
  return format === null ? name : `${stemOf(name)}${extensionOf(format)}`;
}

/**
 * The part that needs no source. The container: extension of the output's name, else `-f` of the request, else of the
 * server's default name (CLI contract, `-o`). Errors: E_ENCODE_REQUEST, E_CONTAINER.
 */
export function checkRequest(
  defaults: RequestDefaults,
  ffmpegParams: string | null,
  outputName: string | null,
  inputName: string,
  hasSubtitles = false,
): CheckedRequest {
  const requestText = ffmpegParams ?? defaults.ffmpegParams;
  const asked = withUpload(parseEncodeParams(requestText), hasSubtitles);
  const name = outputName ?? defaultOutputName(defaults, asked, inputName);
  const container = containerOf(name, asked);
  const request = forContainer(asked, container);
  checkContainer(container, request);
  return { request, requestText, container, outputName: name };
}

interface Wanted {
  readonly request: EncodeRequest;
  readonly container: Container;
}

interface SourcePlan {
  readonly info: SourceInfo;
  readonly plan: StreamPlan;
}

/** The source with the video stream that the request's `-map` picks, or its first. */
async function probeChosen(tools: Tools, path: string, request: EncodeRequest): Promise<SourceInfo> {
  const info = await probeSource(tools, path);
  const videoStream = chosenVideoStream(info.streams, request.maps);
  if (videoStream === undefined || videoStream === info.video.streamIndex) return info;
  return await probeSource(tools, path, { videoStream });
}

/** What becomes of the file's streams. Errors: all that the file itself is refused for. */
export async function planSource(tools: Tools, path: string, { request, container }: Wanted): Promise<SourcePlan> {
  const info = await probeChosen(tools, path, request);
  const plan = planStreams(info, request, container);
  requireBurnable(info, request);
  return { info: withStartOf(info, plan), plan };
}

export interface PreparedJob {
  readonly record: JobRecord;
  readonly job: NewJob;
}

/** What clients need for it. Errors: E_SOURCE_REFUSED, E_ENCODE_REQUEST where this server's own ffmpeg lacks something. */
async function findNeeds(tools: Tools, { info, plan }: SourcePlan, request: EncodeRequest): Promise<Needs> {
  const needs = needsOf(info, request);
  const audioEncoders = audioToEncode(plan).map(({ action }) => action.encoder);
  const outputCodec = codecOfEncoder(request.video.encoder);
  requireNeeds(tools, await readInventory(tools), needs, { audioEncoders, outputCodec });
  return needs;
}

/** Errors: those of checkRequest, planSource and onOneClock, E_NO_SPACE. */
export async function prepareJob(
  tools: Tools,
  defaults: JobDefaults,
  asked: JobRequest,
  source: SourceRecord,
  workDir: string,
): Promise<PreparedJob> {
  const jobId = newId();
  try {
    return await prepare(tools, defaults, asked, source, { jobId, workDir });
  } catch (thrown) {
    await new JobFolders(workDir).removeAll(jobId);
    throw thrown;
  }
}

async function prepare(
  tools: Tools,
  defaults: JobDefaults,
  asked: JobRequest,
  handedIn: SourceRecord,
  { jobId, workDir }: { readonly jobId: string; readonly workDir: string },
): Promise<PreparedJob> {
  const {
    request: told,
    requestText,
    container,
    outputName,
  } = checkRequest(
    defaults,
    asked.ffmpegParams,
    asked.outputName,
    handedIn.name,
    (asked.subtitlesSourceId ?? null) !== null,
  );
  const free = await freeBytes(workDir);
  if (free < LEAST_FREE_BYTES) {
    throw new AppError(
      "E_NO_SPACE",
      `the server's work directory has only ${Math.floor(free / 1024)} KiB free`,
      "Free some space there, or start the server with another --work-dir.",
    );
  }
  const first = await planSource(tools, handedIn.path, { request: told, container });
  const needs = await findNeeds(tools, first, told);
  const handed = { path: handedIn.path, info: first.info };
  const [rangeChange] = await Promise.all([
    sampledRangeChange(tools, handed.path, handed.info),
    requireEncodable(tools, handed, told, chooseEncoder(told, asked, first.info).first.encoder),
  ]);
  await requireHeard(tools, handed, first.plan);
  await requireStart(tools, handed, first.plan);
  const folder = new JobFolders(workDir).of(jobId);
  const job = { jobId, blockBytes: defaults.blockBytes };
  const { source, corrected } = await onOneClock(tools, handedIn, first.info, folder, job);
  const { info, plan } =
    corrected === null ? first : await planSource(tools, source.path, { request: told, container });
  const { request, why } = await findCadence(tools, told, { path: source.path, info, workDir });
  const releases = alikeReleases(tools, info, request);
  const { first: chosen, settings } = chooseEncoder(request, asked, info);
  const draws = textDrawers(request);
  const resolved = requestOf({ request, info }, chosen.encoder);
  const rate = bitrateGoalOf(resolved);
  const { video } = info;
  const grid = candidateGrid(info, resolved, container);
  const frameRate = outputFrameRate(video, request);
  return {
    record: {
      jobId,
      request,
      requestText,
      container,
      outputName,
      source,
      info,
      exactly: defaults.exactly,
      verify: asked.verify ?? defaults.verify,
      blockBytes: defaults.blockBytes,
      encoderTimeBase: encoderTimeBase(info.video, request),
      ...(grid === null ? {} : { grid }),
      ...(corrected === null ? {} : { corrected }),
    },
    job: {
      id: jobId,
      fileName: asked.name ?? source.name,
      settings: {
        ...defaults.settings,
        requiredClients: asked.requiredClients ?? defaults.settings.requiredClients,
        ...settings,
        needs: { ...needs, ...(releases === null ? {} : { releases }) },
      },
      encoder: chosen.encoder,
      family: chosen.family,
      split: unlessWhole(splitMode(request, defaults.exactly, why), rangeChange),
      ...(draws.length === 0 ? {} : { text: { draws, print: null } }),
      timeBase: video.timeBase,
      durationSeconds: info.durationMicroseconds === null ? null : info.durationMicroseconds / 1e6,
      frameRate: frameRate === null ? null : toNumber(frameRate),
      ...(rate === null ? {} : { rate }),
      hasSoundWork: audioToEncode(plan).length > 0 || mustTryCopies(info, plan),
    },
  };
}
