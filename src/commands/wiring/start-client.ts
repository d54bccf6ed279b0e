// Joins the store, the encoders that work here and a client that runs until it is stopped.
import { join } from "node:path";
import { type Connection, tokenError } from "../../api/http-call.ts";
import { baseUrl } from "../../api/server-address.ts";
import type { Environment } from "../../base/config/resolve-options.ts";
import { AppError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Cap } from "../../base/machine/cap-by-cgroup.ts";
import { capBySystem } from "../../base/machine/cap-cpu.ts";
import type { SandboxMode } from "../../base/sandbox/confinement.ts";
import { type ClientKey, openClientKey } from "../../cluster/client/link/client-key.ts";
import { askWhyNot } from "../../cluster/client/link/refusal.ts";
import type { Remote } from "../../cluster/client/link/remote.ts";
import type { ClientStore } from "../../cluster/client/ports.ts";
import type { RestRules } from "../../cluster/client/rest/may-work.ts";
import { runClient } from "../../cluster/client/run-client.ts";
import { openClientStore } from "../../db/client-store.ts";
import { detectEncoders, workingEncoders } from "../../hw/detect.ts";
import { devicesOf, notesOf } from "../../hw/report-views.ts";
import { textPrints } from "../../hw/text-prints.ts";
import { findTools, type Tools } from "../../media/ffmpeg/tools.ts";
import { proveVersion } from "../../media/local/prove-version.ts";
import type { HardwareFamily } from "../../media/model/encoder-family.ts";
import type { ToldStatus } from "../joining/client-words.ts";
import { checkSandbox, sayUnfit } from "./check-sandbox.ts";
import { makeWorkDir, openToOthers } from "./work-dir.ts";

export interface StartClientOptions {
  readonly connection: Connection;
  readonly env: Environment;
  readonly sandbox: SandboxMode;
  readonly name: string;
  readonly workDir: string;
  readonly slots: number | "auto";
  readonly hwAccel: "auto" | "none" | HardwareFamily;
  readonly reconnectDelayMs: number;
  readonly isPersistent: boolean;
  readonly pathMaps: readonly { readonly server: string; readonly client: string }[];
  readonly sourceAccess: "auto" | "direct" | "gateway";
  readonly benchmarkSeconds: number | null;
  /** An encode without a sign of work for this long is given up. */
  readonly stallSeconds: number;
  readonly hwDecode: boolean;
  /** Run ffmpeg at low priority. */
  readonly isNice: boolean;
  /** When it works. */
  readonly rest: RestRules;
  /** Its part of all processors, 0 to 1; null: all of them. */
  readonly maxCpu: number | null;
  /** When it is stopped, it finishes encodes that need no longer than this. */
  readonly finishWithinMs: number;
  readonly log: Log;
  readonly onStatus: (status: ToldStatus) => void;
}

function allowedFamilies(hwAccel: StartClientOptions["hwAccel"]): readonly string[] | null {
  if (hwAccel === "auto") return null;
  return hwAccel === "none" ? ["software"] : ["software", hwAccel];
}

/** The server's address for the client's own calls, with what the user gave. */
function remoteOf({ server, token, tls }: Connection): Remote {
  return { serverUrl: baseUrl(server), token: token ?? "", ...(tls === undefined ? {} : { tls }) };
}

interface Asking {
  readonly remote: Remote;
  readonly key: ClientKey;
}

/** Whether the server accepts this client, by its key if it has one. Errors: its refusal. */
async function askServer({ remote, key }: Asking, signal: AbortSignal): Promise<void> {
  const withKey: Remote = { ...remote, token: key.token };
  const why = await askWhyNot(withKey, signal);
  if (why.kind === "passing") return;
  const isStale = why.kind === "refused" && why.error.code === "E_TOKEN" && (await key.forget());
  if (!isStale) throw why.error;
  const again = await askWhyNot(remote, signal);
  if (again.kind !== "passing") throw again.error;
}

/**
 * Finds out what this machine can do, which may take a while, and asks the server meanwhile whether it accepts this client.
 * Errors, at once: its refusal, or that something else answers there; a server that is not up yet is no error.
 */
async function findAbilities(asking: Asking, tools: Tools, store: ClientStore, signal: AbortSignal) {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const asked = askServer(asking, either);
  asked.catch(() => stop.abort());
  const found = Promise.all([
    detectEncoders(tools, { cache: store.encoders, signal: either }),
    textPrints(tools, either),
  ]);
  await Promise.allSettled([asked, found]);
  await asked;
  return await found;
}

/** Null: the client itself stops its encodes for moments. */
async function capCpu(share: number, log: Log): Promise<Cap | null> {
  const cap = await capBySystem(share);
  log.info(`at most ${Math.round(100 * share)} % of the processors, by ${cap?.by ?? "stopping encodes for moments"}`);
  return cap;
}

async function runToEnd(options: StartClientOptions, tools: Tools, signal: AbortSignal): Promise<void> {
  const store = openClientStore(options.workDir);
  const identity = store.claimIdentity(options.name);
  const cap = options.maxCpu === null ? null : await capCpu(options.maxCpu, options.log);
  try {
    const remote = remoteOf(options.connection);
    const { clientId, folder } = identity;
    const key = await openClientKey({ remote, folder, clientId, name: options.name });
    const [report, prints] = await findAbilities({ remote, key }, tools, store, signal);
    const allowed = allowedFamilies(options.hwAccel);
    const isAllowed = (family: string) => allowed === null || allowed.includes(family);
    await runClient(
      {
        ...remote,
        key,
        identity,
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
        rest: options.rest,
        cpuShare: options.maxCpu ?? undefined,
        throttles: cap === null,
        hwDecode: options.hwDecode,
        tools,
        encoders: workingEncoders(report, allowed),
        textPrints: prints,
        inventory: report.inventory,
        pixelFormats: report.pixelFormats,
        devices: devicesOf(report).filter(({ family }) => isAllowed(family)),
        hardware: notesOf(report).filter(({ family }) => isAllowed(family)),
        store,
        log: options.log,
        onStatus: options.onStatus,
      },
      signal,
    );
  } catch (thrown) {
    // The server's own message is for people who write requests by hand.
    throw thrown instanceof AppError && thrown.code === "E_TOKEN" ? tokenError(options.connection) : thrown;
  } finally {
    await cap?.release();
    identity.release();
    store.close();
  }
}

/**
 * Starts a client; `ended` settles when `signal` is aborted, the server sends it away, or it fails.
 * Errors, at once: E_SANDBOX, E_FFMPEG_MISSING, E_FFMPEG_OLD, E_FFMPEG_UNPROVEN, E_WORK_DIR. Later, by `ended`: E_TOKEN, E_UNREACHABLE, E_PROTOCOL.
 */
export async function startClient(
  options: StartClientOptions,
  signal: AbortSignal,
): Promise<{ readonly ended: Promise<void> }> {
  await checkSandbox(options.sandbox, options.log);
  const tools = await findTools(options.env, options.sandbox);
  sayUnfit(tools, options.log);
  for (const folder of await makeWorkDir(options.workDir, "client")) options.log.warn(openToOthers(folder));
  await proveVersion(tools, join(options.workDir, "client"), options.log, signal);
  return { ended: runToEnd(options, tools, signal) };
}
