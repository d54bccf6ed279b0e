// Runs a client inside this process for `submit --participate`. It ends with the command; if it fails, the command goes on,
// because other clients may do the work.
import { hostname } from "node:os";
import type { Connection } from "../api/http-call.ts";
import { hostPort } from "../api/server-address.ts";
import { AppError } from "../base/errors.ts";
import { silentLog } from "../base/log.ts";
import type { SandboxMode } from "../base/sandbox/confinement.ts";
import type { CommandContext } from "./cli/command.ts";
import { newsOf } from "./joining/client-words.ts";
import { type RestOptions, restRules } from "./joining/rest-options.ts";
import type { ProgressDisplay } from "./output/progress-display.ts";
import { DEFAULT_STALL_SECONDS } from "./submitting/request-defaults.ts";

export interface Participant {
  stop(): Promise<void>;
}

export interface OwnClient {
  readonly workDir: string;
  readonly sandbox: SandboxMode;
  /** When it works. */
  readonly given: RestOptions;
}

/** Sources and segments are for this user alone; the output that is saved afterwards has the user's own umask. */
const OWNER_ONLY_UMASK = 0o077;

/** Errors: E_FFMPEG_MISSING and the like, before it starts. */
export async function participate(
  connection: Connection,
  { workDir, sandbox, given }: OwnClient,
  display: ProgressDisplay,
  context: CommandContext,
): Promise<Participant> {
  const { startClient } = await import("./wiring/start-client.ts");
  if (sandbox === "off") display.note("The sandbox is off: ffmpeg may read and write all that this user may.");
  const stopping = new AbortController();
  const signal = AbortSignal.any([context.signal, stopping.signal]);
  const usersUmask = process.umask(OWNER_ONLY_UMASK);
  const client = await startClient(
    {
      connection,
      env: context.env,
      sandbox,
      name: hostname(),
      workDir,
      slots: "auto",
      hwAccel: "auto",
      reconnectDelayMs: 1000,
      isPersistent: true,
      pathMaps: [],
      sourceAccess: "auto",
      benchmarkSeconds: null,
      finishWithinMs: 0,
      stallSeconds: DEFAULT_STALL_SECONDS,
      isNice: true,
      rest: restRules(given),
      maxCpu: given["max-cpu"],
      hwDecode: false,
      log: silentLog,
      onStatus: (status) => {
        if (status.kind !== "resting" && status.kind !== "rested") return;
        const news = newsOf(status, { server: hostPort(connection.server), client: "this machine" });
        if (news !== null) display.note(`This machine: ${news}`);
      },
    },
    signal,
  );
  const ended = client.ended.catch((thrown: unknown) => {
    if (signal.aborted) return;
    const reason = thrown instanceof AppError ? `${thrown.message}. ${thrown.hint}` : String(thrown);
    display.note(`This machine no longer encodes: ${reason}`);
  });
  return {
    stop: async () => {
      stopping.abort();
      await ended;
      process.umask(usersUmask);
    },
  };
}
