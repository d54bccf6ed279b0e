// Everything that the files of one run over a library share, from the first call to the server to the last line.
import { resolve } from "node:path";
import { ApiClient } from "../../api/client.ts";
import type { JobView } from "../../api/contract.ts";
import { delay } from "../../base/clock.ts";
import { type AppError, exitCodeOf, toAppError } from "../../base/errors.ts";
import type { CommandContext } from "../cli/command.ts";
import { CommandFailure } from "../cli/command-failure.ts";
import { connect } from "../cli/connect.ts";
import type { ProgressDisplay } from "../output/progress-display.ts";
import { type Participant, participate } from "../participate.ts";
import type { SubmitOptions } from "../submitting/options.ts";
import { waitingFor, watchForClients } from "../submitting/waiting-notice.ts";
import { tellFile } from "../telling/tell-file.ts";
import type { ReadFacts } from "../wiring/source-facts.ts";
import { askForNames, type LibraryNames } from "./ask-server.ts";
import { encodeFile, rememberFailure } from "./encode-file.ts";
import { Turns } from "./in-parallel.ts";
import { libraryLeftBehind, settleLibrary } from "./interrupted.ts";
import type { PlannedFile } from "./outcome.ts";
import { Report } from "./report.ts";
import { requestDigest, requireUsable } from "./requests.ts";
import type { LibraryRun } from "./run-context.ts";
import { mustProbe } from "./skip-rules.ts";

/** Sources that are read whole, digested or uploaded, at a time: more only share the disk and the line. */
const PLACED_AT_A_TIME = 3;
const SERVER_AWAY_PAUSE_MS = 10_000;

/** Jobs that are under way, and the words for them. */
class UnderWay {
  readonly #jobs = new Map<string, JobView>();
  #done = 0;

  see(source: string, job: JobView): void {
    this.#jobs.set(source, job);
  }

  end(source: string): void {
    this.#jobs.delete(source);
    this.#done += 1;
  }

  ids(): string[] {
    return [...this.#jobs.values()].map((job) => job.job_id);
  }

  text(): string {
    const first = this.#jobs.values().next().value;
    const shown = first === undefined ? "" : `: ${first.status} ${first.progress.toFixed(1)}% ${first.file_name}`;
    return `${this.#done} done, ${this.#jobs.size} under way${shown}`;
  }
}

export interface OpenRun extends AsyncDisposable {
  readonly run: LibraryRun;
  readonly names: LibraryNames;
  readonly report: Report;
  /** Encodes one file and reports it; a failure that would be every file's ends the run. */
  encode(file: PlannedFile): Promise<void>;
  /** Ends the run. */
  stop(error: AppError): void;
  /** Throws what ended the run before its time. */
  throwIfStopped(): Promise<void>;
}

/** Once there are files. `isWatch`: each content once, and failures are remembered. */
export interface RunOptions {
  readonly given: SubmitOptions;
  readonly isWatch: boolean;
  /** Waits for a server that is not there. */
  readonly ask: <T>(act: () => Promise<T>) => Promise<T>;
}

/** Errors: those of the request and of reaching the server, E_USAGE. */
export async function openRun({ given, isWatch, ask }: RunOptions, context: CommandContext): Promise<OpenRun> {
  requireUsable(given);
  const stopping = new AbortController();
  const signal = AbortSignal.any([context.signal, stopping.signal]);
  const { connection } = await connect(given, context);
  const client = new ApiClient(connection, signal);
  const names = await ask(() => askForNames(given, client));
  const readFacts = await readerFor(given, context);
  const report = new Report(context, given.json);
  const underWay = new UnderWay();
  const display = quiet((text) => report.note(text));
  const umask = given.participate ? process.umask() : null;
  const participant = await startParticipant(given, client, display, context);
  const notice = noticeFor(client, (text) => report.note(text));
  const run: LibraryRun = {
    client,
    context: { ...context, signal },
    given,
    isWatch,
    request: requestDigest(given, names),
    madeCodec: names.kind.codec,
    readFacts,
    placing: new Turns(PLACED_AT_A_TIME),
    contents: new Map(),
    display,
    onJob(source, job) {
      underWay.see(source, job);
      notice.see(job);
      context.setLastWords(libraryLeftBehind(underWay.ids()));
      report.progress(underWay.text());
    },
    umask,
  };
  const stop = (error: AppError) => stopping.abort(error);
  return {
    run,
    names,
    report,
    stop,
    async encode(file) {
      if (!(await encodeAndReport(file, run, report, stop))) return;
      underWay.end(file.path);
      report.progress(underWay.text());
    },
    async throwIfStopped() {
      if (context.signal.aborted) throw await settleLibrary(connection, underWay.ids(), context);
      signal.throwIfAborted();
    },
    async [Symbol.asyncDispose]() {
      notice.stop();
      await participant?.stop();
    },
  };
}

/** Returns whether the file has come to an end. */
async function encodeAndReport(
  file: PlannedFile,
  run: LibraryRun,
  report: Report,
  stop: (error: AppError) => void,
): Promise<boolean> {
  const { signal } = run.context;
  while (!signal.aborted) {
    try {
      const outcome = await encodeFile(file, run);
      // A watched folder is looked at for ever: what has its output is no news.
      if (!run.isWatch || outcome.kind !== "skipped") report.file(file.path, file.bytes, outcome);
      await tellFile(file.path, outcome, run);
      return true;
    } catch (thrown) {
      if (signal.aborted) return false; // the job, if there is one, goes on
      const error = toAppError(thrown);
      if (run.isWatch && error.code === "E_UNREACHABLE") {
        report.note(`${error.message}; waiting for it`);
        await delay(SERVER_AWAY_PAUSE_MS, signal);
        continue;
      }
      if (exitCodeOf(error.code) === 4) stop(error);
      else await reportFailure(file, error, run, report);
      return exitCodeOf(error.code) !== 4;
    }
  }
  return false;
}

async function reportFailure(file: PlannedFile, error: AppError, run: LibraryRun, report: Report): Promise<void> {
  if (run.isWatch) {
    // Deleted, or written to once more: the next look sees what it is then.
    if (error.code === "E_SOURCE_MISSING" || error.code === "E_SOURCE_CHANGED") return;
    await rememberFailure(file, run);
  }
  const jobId = error instanceof CommandFailure ? error.jobId : null;
  const outcome = { kind: "failed", error, jobId } as const;
  report.file(file.path, file.bytes, outcome);
  await tellFile(file.path, outcome, run);
}

/** A display that only passes on what is worth a line of its own. */
function quiet(note: (text: string) => void): ProgressDisplay {
  return { job() {}, bytes() {}, note, end() {} };
}

/** Says once what the jobs wait for. */
function noticeFor(client: ApiClient, note: (text: string) => void) {
  return watchForClients((view) => waitingFor(view, client), note);
}

async function readerFor(given: SubmitOptions, context: CommandContext): Promise<ReadFacts | null> {
  if (!mustProbe(given["skip-if"])) return null;
  const { factReader } = await import("../wiring/source-facts.ts");
  return await factReader(context.env, given.sandbox);
}

async function startParticipant(
  given: SubmitOptions,
  client: ApiClient,
  display: ProgressDisplay,
  context: CommandContext,
): Promise<Participant | null> {
  if (!given.participate) return null;
  const own = { workDir: resolve(context.cwd, given["work-dir"] ?? "work"), sandbox: given.sandbox, given };
  return await participate(client.connection, own, display, context);
}
