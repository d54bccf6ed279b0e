// The one file that joins ports to real parts: coordinator, store and API to a server; store, encoders and client loop
// to a client; ffmpeg's own checks to `doctor`. Holds no rule of its own.
import { mkdir, mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Connection, tokenError } from "../api/http-call.ts";
import { type ApiServer, serveApi } from "../api/serve-api.ts";
import { baseUrl } from "../api/server-address.ts";
import { systemClock } from "../base/clock.ts";
import type { Environment } from "../base/config/resolve-options.ts";
import { AppError, errnoOf } from "../base/errors.ts";
import { exists, freeBytes, removeTree } from "../base/files.ts";
import type { Log } from "../base/log.ts";
import { VERSION } from "../base/version.ts";
import { runClient } from "../cluster/client/run-client.ts";
import { planSource } from "../cluster/server/intake/create-job.ts";
import { type Foreseen, type ForeseeOptions, foresee } from "../cluster/server/intake/foresee.ts";
import { type CoordinatorOptions, openCoordinator } from "../cluster/server/open-coordinator.ts";
import { openClientStore } from "../db/client-store.ts";
import { acquireFolderLock } from "../db/folder-lock.ts";
import { openServerStore } from "../db/server/server-store.ts";
import { detectEncoders, workingEncoders } from "../hw/detect.ts";
import { devicesOf, notesOf } from "../hw/report-views.ts";
import { textPrints } from "../hw/text-prints.ts";
import type { HardwareReport } from "../hw/types.ts";
import { probeSource } from "../media/probe.ts";
import { checkContainer, containerOf } from "../media/request/containers.ts";
import { emptyEncodeRequest } from "../media/request/encode-request.ts";
import { parseEncodeParams } from "../media/request/parse-params.ts";
import { selfTest } from "../media/self-test.ts";
import { checkSubtitleFile, withUpload } from "../media/side-files.ts";
import { findTools, type Tools } from "../media/tools.ts";
import { type ClientReport, reportOf } from "./client-report.ts";

// ── server ─────────────────────────────────────────────────────────────────────────────────────────────────────

export interface StartServerOptions extends Omit<CoordinatorOptions, "tools" | "store" | "clock"> {
  readonly env: Environment;
  readonly host: string;
  readonly port: number;
  /** Called once work directory, jobs and port are ours, before anyone is answered. */
  readonly beforeAnswering: (port: number) => Promise<void>;
}

export type RunningServer = Pick<ApiServer, "port" | "url" | "stop">;

/** Takes the work directory for this process. Errors: E_WORK_DIR_LOCKED by the holder's name, E_WORK_DIR. */
async function lockWorkDir(workDir: string) {
  const folder = join(workDir, "server");
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    const errno = errnoOf(cause) ?? "unknown error";
    const hint = "Choose a folder that can be written with --work-dir.";
    throw new AppError("E_WORK_DIR", `the work directory ${workDir} cannot be made (${errno})`, hint, { cause });
  }
  const lock = acquireFolderLock(folder, "ffcluster serve");
  if (!("holder" in lock)) return lock;
  const holder = lock.holder.replace("(process ", "(pid ");
  const hint = "Stop that server, or give this one a folder of its own with --work-dir.";
  throw new AppError("E_WORK_DIR_LOCKED", `the work directory ${workDir} is in use by ${holder}`, hint);
}

/** Jobs without a database are jobs whose database is gone: an empty one would make their files look like rubbish. */
async function refuseLostDatabase(databasePath: string, serverDir: string): Promise<void> {
  if (await exists(databasePath)) return;
  const names = (await exists(serverDir)) ? await readdir(serverDir) : [];
  const jobs = names.filter((name) => /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(name));
  if (jobs.length === 0) return;
  throw new AppError(
    "E_DATABASE",
    `the database ${databasePath} is missing, but ${serverDir} holds ${jobs.length} jobs`,
    "Put the database back, or move that folder away to start with no jobs; nothing was changed.",
  );
}

/** Errors: E_FFMPEG_MISSING, E_WORK_DIR_LOCKED, E_PORT, E_DATABASE. */
export async function startServer(options: StartServerOptions): Promise<RunningServer> {
  await using undo = new AsyncDisposableStack();
  const tools = await findTools(options.env);
  const lock = await lockWorkDir(options.workDir);
  undo.defer(() => lock.release());
  await mkdir(join(options.workDir, "db"), { recursive: true });
  const databasePath = join(options.workDir, "db", "server.db");
  await refuseLostDatabase(databasePath, join(options.workDir, "server"));
  const store = openServerStore(databasePath);
  // From here on the coordinator closes the store; before it is open, nobody else would.
  const coordinator = await openCoordinator({ ...options, tools, store, clock: systemClock }).catch((thrown) => {
    store.close();
    throw thrown;
  });
  undo.defer(() => coordinator.close());
  const { host, port, log } = options;
  const ready = Promise.withResolvers<void>();
  const api = serveApi({ coordinator, host, port, version: VERSION, log, ready: ready.promise });
  await options.beforeAnswering(api.port).catch(async (thrown) => {
    await api.stop();
    throw thrown;
  });
  ready.resolve();
  const parts = undo.move();
  const stop = async () => {
    api.refuseRequests();
    await parts.disposeAsync();
    await api.stop();
  };
  return { port: api.port, url: api.url, stop };
}

// ── client ─────────────────────────────────────────────────────────────────────────────────────────────────────

export interface StartClientOptions {
  readonly connection: Connection;
  readonly env: Environment;
  readonly name: string;
  readonly workDir: string;
  readonly slots: number | "auto";
  readonly hwAccel: "auto" | "none" | "nvenc" | "qsv" | "vaapi" | "videotoolbox" | "amf";
  readonly reconnectDelayMs: number;
  readonly isPersistent: boolean;
  readonly pathMaps: readonly { readonly server: string; readonly client: string }[];
  readonly sourceAccess: "auto" | "direct" | "gateway";
  readonly benchmarkSeconds: number | null;
  /** Without a sign of work for this long an encode is given up. */
  readonly stallSeconds: number;
  readonly hwDecode: boolean;
  /** ffmpeg at low priority. */
  readonly isNice: boolean;
  /** On the way out, what will be done within this time is finished. */
  readonly finishWithinMs: number;
  readonly log: Log;
  readonly onReport: (report: ClientReport) => void;
}

function allowedFamilies(hwAccel: StartClientOptions["hwAccel"]): readonly string[] | null {
  if (hwAccel === "auto") return null;
  return hwAccel === "none" ? ["software"] : ["software", hwAccel];
}

async function runToEnd(options: StartClientOptions, tools: Tools, signal: AbortSignal): Promise<void> {
  const store = openClientStore(options.workDir);
  try {
    const [report, prints] = await Promise.all([
      detectEncoders(tools, { cache: store.encoders, signal }),
      textPrints(tools, signal),
    ]);
    const allowed = allowedFamilies(options.hwAccel);
    const isAllowed = (family: string) => allowed === null || allowed.includes(family);
    await runClient(
      {
        serverUrl: baseUrl(options.connection.server),
        token: options.connection.token ?? "",
        name: options.name,
        slots: options.slots,
        sourceAccess: options.sourceAccess,
        pathMap: options.pathMaps,
        reconnectDelayMs: options.reconnectDelayMs,
        persistent: options.isPersistent,
        benchmarkSeconds: options.benchmarkSeconds,
        finishWithinMs: options.finishWithinMs,
        stallIdleMs: options.stallSeconds * 1000,
        nice: options.isNice,
        hwDecode: options.hwDecode,
        tools,
        encoders: workingEncoders(report, allowed),
        textPrints: prints,
        devices: devicesOf(report).filter(({ family }) => isAllowed(family)),
        hardware: notesOf(report).filter(({ family }) => isAllowed(family)),
        store,
        log: options.log,
        onStatus: (status) => options.onReport(reportOf(status)),
      },
      signal,
    );
  } catch (thrown) {
    // The server's own words are for those who write requests by hand.
    throw thrown instanceof AppError && thrown.code === "E_TOKEN" ? tokenError(options.connection) : thrown;
  } finally {
    store.close();
  }
}

/**
 * Starts a client; `ended` settles when `signal` is aborted, the server sends it away, or it fails.
 * Errors, at once: E_FFMPEG_MISSING, E_FFMPEG_OLD. Later, by `ended`: E_TOKEN, E_UNREACHABLE, E_PROTOCOL.
 */
export async function startClient(
  options: StartClientOptions,
  signal: AbortSignal,
): Promise<{ readonly ended: Promise<void> }> {
  const tools = await findTools(options.env);
  return { ended: runToEnd(options, tools, signal) };
}

// ── checks before a submit ─────────────────────────────────────────────────────────────────────────────────────

/** What can be refused without a server. Null: the server's default, which only it knows. Errors: E_ENCODE_REQUEST, E_CONTAINER. */
export function checkRequestLocally(
  ffmpegParams: string | null,
  outputName: string | null,
  hasSubtitles = false,
): void {
  const request = ffmpegParams === null ? null : withUpload(parseEncodeParams(ffmpegParams), hasSubtitles);
  if (outputName === null) return;
  const container = containerOf(outputName, request ?? emptyEncodeRequest());
  if (request !== null) checkContainer(container, request);
}

export { checkSubtitleFile };

/** What a job of it would be made with. `ffmpegParams` null: the server's default, which only it knows. */
interface WantedJob {
  readonly ffmpegParams: string | null;
  readonly outputName: string;
  readonly hasSubtitles: boolean;
}

/**
 * Looks into a file before it is uploaded; without ffmpeg here the server alone looks.
 * Errors: those of probeSource, and where the request is known all that the server would refuse the file for.
 */
export async function checkSourceLocally(path: string, wanted: WantedJob, env: Environment): Promise<void> {
  const tools = await findTools(env).catch((thrown: unknown) => {
    if (thrown instanceof AppError && (thrown.code === "E_FFMPEG_MISSING" || thrown.code === "E_FFMPEG_OLD"))
      return null;
    throw thrown;
  });
  if (tools === null) return;
  const { ffmpegParams, outputName, hasSubtitles } = wanted;
  if (ffmpegParams === null) return void (await probeSource(tools, path));
  const request = withUpload(parseEncodeParams(ffmpegParams), hasSubtitles);
  await planSource(tools, path, { request, container: containerOf(outputName, request) });
}

// ── probe ───────────────────────────────────────────────────────────────────────────────────────────────────────

export type { Foreseen };

/** Errors: E_FFMPEG_MISSING, E_FFMPEG_OLD, and those of `foresee`. */
export async function runProbe(options: ForeseeOptions & { readonly env: Environment }): Promise<Foreseen> {
  return await foresee(await findTools(options.env), options);
}

// ── doctor ─────────────────────────────────────────────────────────────────────────────────────────────────────

export interface DoctorCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface MachineReport {
  readonly ffmpeg: { readonly path: string | null; readonly version: string | null };
  /** Empty without ffmpeg. */
  readonly families: Partial<HardwareReport["families"]>;
  readonly checks: readonly DoctorCheck[];
}

export interface DoctorOptions {
  readonly env: Environment;
  readonly workDir: string;
  readonly signal: AbortSignal;
}

/** A server refuses uploads long before this; below it, `doctor` says so. */
const LITTLE_SPACE_BYTES = 1024 ** 3;

async function checkDisk(workDir: string): Promise<DoctorCheck> {
  let folder = workDir;
  while (!(await exists(folder)) && dirname(folder) !== folder) folder = dirname(folder);
  const free = await freeBytes(folder);
  const detail = `${(free / 1024 ** 3).toFixed(1)} GiB free in ${folder}`;
  return { name: "disk", ok: free >= LITTLE_SPACE_BYTES, detail };
}

/** Seek, trim, encode and stitch on a clip made for it: what this version of ffmpeg must get right. */
async function tryPipeline(tools: Tools, signal: AbortSignal): Promise<readonly DoctorCheck[]> {
  const folder = await mkdtemp(join(tmpdir(), "ffcluster-doctor-"));
  try {
    const { checks } = await selfTest(tools, folder, signal);
    return checks.map(({ name, ok, detail }) => ({ name: `self-test: ${name}`, ok, detail }));
  } finally {
    await removeTree(folder);
  }
}

/** Tries everything that this machine alone decides. Never throws for what does not work: that is its answer. */
export async function runDoctor(options: DoctorOptions): Promise<MachineReport> {
  const disk = await checkDisk(options.workDir);
  let tools: Tools;
  try {
    tools = await findTools(options.env);
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    const detail = `${thrown.message}. ${thrown.hint}`;
    return {
      ffmpeg: { path: null, version: null },
      families: {},
      checks: [{ name: "ffmpeg", ok: false, detail }, disk],
    };
  }
  const { families } = await detectEncoders(tools, { cache: null, signal: options.signal });
  const pipeline = await tryPipeline(tools, options.signal);
  const encoders = Object.values(families).flatMap((family) => family.encoders);
  const checks: DoctorCheck[] = [
    { name: "ffmpeg", ok: true, detail: `${tools.version} at ${tools.ffmpeg}` },
    { name: "encoders", ok: encoders.length > 0, detail: `${encoders.length} proven by a trial encode` },
    ...pipeline,
    disk,
  ];
  return { ffmpeg: { path: tools.ffmpeg, version: tools.version }, families, checks };
}
