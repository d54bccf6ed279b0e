// Joins coordinator, store and API to a server that has its work directory to itself.
import { readdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { serveApi } from "../../api/serve-api.ts";
import { systemClock } from "../../base/clock.ts";
import type { Environment } from "../../base/config/resolve-options.ts";
import { AppError } from "../../base/errors.ts";
import { exists } from "../../base/files.ts";
import { endLeftovers, writesBelow } from "../../base/leftovers.ts";
import type { Log } from "../../base/log.ts";
import type { SandboxMode } from "../../base/sandbox/confinement.ts";
import { isReadByOthers, type ServerTls } from "../../base/tls/tls-files.ts";
import { watchServerTls } from "../../base/tls/watch-server-tls.ts";
import { VERSION } from "../../base/version.ts";
import { type CoordinatorOptions, openCoordinator } from "../../cluster/server/open-coordinator.ts";
import { isOpenToOthers, NO_STORES, readStoresFile, type StoresFile } from "../../cluster/server/remote/stores-file.ts";
import { acquireFolderLock } from "../../db/folder-lock.ts";
import { openServerStore } from "../../db/server/server-store.ts";
import { findTools } from "../../media/ffmpeg/tools.ts";
import { proveVersion } from "../../media/local/prove-version.ts";
import { outwardOf } from "../serving/announce.ts";
import type { Bound } from "../serving/bound.ts";
import type { TlsChoice } from "../serving/choose-tls.ts";
import { checkSandbox, sayUnfit } from "./check-sandbox.ts";
import { keptSince } from "./kept-since.ts";
import { openJobs, tellOfCluster } from "./tell-of-cluster.ts";
import { makeWorkDir, openToOthers } from "./work-dir.ts";

export interface StartServerOptions
  extends Omit<CoordinatorOptions, "tools" | "store" | "clock" | "keepSinceMs" | "stores"> {
  readonly env: Environment;
  readonly sandbox: SandboxMode;
  /** Absolute path of the file that names stores and hosts; null: there is none. */
  readonly storesFile: string | null;
  readonly host: string;
  readonly port: number;
  readonly tls: TlsChoice;
  readonly jobsPerMinute: number;
  readonly isMetricsOpen: boolean;
  /** `keepMs` is no default. */
  readonly isKeepChosen: boolean;
  /** What happens in the cluster, a line each. */
  readonly onNews: (line: string) => void;
  /** Called when it has the work directory, the jobs and the port, before it answers any request; again when its certificate changes. */
  readonly beforeAnswering: (bound: Bound) => Promise<void>;
}

export interface RunningServer extends Bound {
  /** The one of the join line. */
  readonly joinToken: string;
  /** Jobs that have not ended. */
  readonly openJobs: () => number;
  stop(): Promise<void>;
}

/** Locks the work directory for this process. Errors: E_WORK_DIR_LOCKED, which names the holder; E_WORK_DIR. */
async function lockWorkDir(workDir: string, log: Log) {
  for (const folder of await makeWorkDir(workDir, "server")) log.warn(openToOthers(folder));
  const lock = acquireFolderLock(join(workDir, "server"), "ffcluster serve");
  if (!("holder" in lock)) return lock;
  const holder = lock.holder.replace("(process ", "(pid ");
  const self = `this one (pid ${process.pid} on host ${hostname()})`;
  const hint = "Stop that server, or give this one its own folder with --work-dir.";
  throw new AppError(
    "E_WORK_DIR_LOCKED",
    `the work directory ${workDir} is in use by ${holder}; ${self} can't use it too`,
    hint,
  );
}

/** Refuses to start with job folders but without a database: with an empty one, those files would count as garbage. */
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

async function keysOf(choice: TlsChoice, workDir: string, log: Log): Promise<ServerTls | null> {
  if (choice.kind === "off") return null;
  if (choice.kind === "files") return choice.tls;
  const { ownCertificate } = await import("../../base/tls/own-certificate.ts"); // its library is big
  const tls = await ownCertificate(workDir);
  const keyPath = join(workDir, "tls", "key.pem");
  if (await isReadByOthers(keyPath)) log.warn(`other users can read the private key: chmod 600 ${keyPath}`);
  return tls;
}

async function storesOf(path: string, log: Log): Promise<StoresFile> {
  const stores = await readStoresFile(path);
  if (await isOpenToOthers(path)) log.warn(`other users can read the keys of stores: chmod 600 ${path}`);
  return stores;
}

/** Errors: E_BAD_OPTION, E_SANDBOX, E_FFMPEG_MISSING, E_FFMPEG_OLD, E_FFMPEG_UNPROVEN, E_WORK_DIR_LOCKED, E_WORK_DIR, E_PORT, E_DATABASE. */
export async function startServer(options: StartServerOptions): Promise<RunningServer> {
  await using undo = new AsyncDisposableStack();
  await checkSandbox(options.sandbox, options.log);
  const stores = options.storesFile === null ? NO_STORES : await storesOf(options.storesFile, options.log);
  const listsFile = join(options.workDir, "db", "ffmpeg-lists.json");
  const tools = { ...(await findTools(options.env, options.sandbox)), listsFile };
  sayUnfit(tools, options.log);
  const lock = await lockWorkDir(options.workDir, options.log);
  undo.defer(() => lock.release());
  // The folder is locked, so a process that writes there was left behind by an earlier server.
  const serverDir = join(options.workDir, "server");
  await proveVersion(tools, serverDir, options.log);
  await endLeftovers((command) => writesBelow(command, tools.ffmpeg, `${serverDir}/`), options.log);
  const tls = await keysOf(options.tls, options.workDir, options.log);
  const databasePath = join(options.workDir, "db", "server.db");
  await refuseLostDatabase(databasePath, serverDir);
  const store = openServerStore(databasePath);
  const keepSinceMs = options.isKeepChosen ? 0 : await keptSince(options.workDir, Date.now());
  // An open coordinator closes the store itself; one that fails to open does not.
  const coordinator = await openCoordinator({
    ...options,
    stores,
    keepSinceMs,
    tools,
    store,
    clock: systemClock,
  }).catch((thrown) => {
    store.close();
    throw thrown;
  });
  undo.defer(() => coordinator.close());
  tellOfCluster(coordinator, options.onNews);
  const { host, log } = options;
  const ready = Promise.withResolvers<void>();
  const plainOnLoopback = options.tls.kind === "own";
  const api = serveApi({
    ...{ coordinator, host, port: options.port, tls, plainOnLoopback },
    ...{
      version: VERSION,
      log,
      ready: ready.promise,
      jobsPerMinute: options.jobsPerMinute,
      isMetricsOpen: options.isMetricsOpen,
    },
    outward: () => outwardOf(host, bound),
  });
  const { port, url, plainUrl } = api;
  let bound: Bound = { port, url, plainUrl, tls };
  await options.beforeAnswering(bound).catch(async (thrown) => {
    await api.stop();
    throw thrown;
  });
  ready.resolve();
  const showCertificate = async (changed: ServerTls) => {
    api.changeKeys(changed);
    bound = { ...bound, tls: changed };
    await options.beforeAnswering(bound);
  };
  const watched = options.tls.kind === "files" ? watchServerTls(options.tls, showCertificate, log) : null;
  const parts = undo.move();
  const stop = async () => {
    watched?.stop();
    api.refuseRequests();
    // An API that still listens would keep a server alive that can do nothing.
    await parts.disposeAsync().finally(() => api.stop());
  };
  return { ...bound, joinToken: coordinator.joinToken(), openJobs: () => openJobs(coordinator), stop };
}
