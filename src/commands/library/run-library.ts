// `submit` for several files: finds them, names their outputs, has some of them under way at a time, and reports each.
import { dirname, relative, resolve } from "node:path";
import { ApiClient } from "../../api/client.ts";
import type { JobView } from "../../api/contract.ts";
import { type AppError, exitCodeOf, toAppError } from "../../base/errors.ts";
import type { CommandContext } from "../cli/command.ts";
import { CommandFailure } from "../cli/command-failure.ts";
import { connect } from "../cli/connect.ts";
import type { ProgressDisplay } from "../output/progress-display.ts";
import { type Participant, participate } from "../participate.ts";
import type { SubmitOptions } from "../submitting/options.ts";
import { waitingText, watchForClients, wayForOthers } from "../submitting/waiting-notice.ts";
import type { ReadFacts } from "../wiring/source-facts.ts";
import { askForNames, askHowManyAhead, type LibraryNames } from "./ask-server.ts";
import { encodeFile } from "./encode-file.ts";
import { type Found, findFiles } from "./find-files.ts";
import { inParallel, Turns } from "./in-parallel.ts";
import { libraryLeftBehind, settleLibrary } from "./interrupted.ts";
import type { LibraryState } from "./library-state.ts";
import type { PlannedFile } from "./outcome.ts";
import { Homes, withSlashes } from "./plan-files.ts";
import { Report } from "./report.ts";
import { requestDigest, requireUsable } from "./requests.ts";
import type { LibraryRun } from "./run-context.ts";
import { mustProbe } from "./skip-rules.ts";

/** Sources that are read whole, digested or uploaded, at a time: more only share the disk and the line. */
const PLACED_AT_A_TIME = 3;

/** Jobs that are under way, and the words for them. */
class UnderWay {
  readonly #jobs = new Map<string, JobView>();
  readonly #all: number;
  #done = 0;

  constructor(all: number) {
    this.#all = all;
  }

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
    return `${this.#done} of ${this.#all} files, ${this.#jobs.size} under way${shown}`;
  }
}

/** A display that only passes on what is worth a line of its own. */
function quiet(note: (text: string) => void): ProgressDisplay {
  return { job() {}, bytes() {}, note, end() {} };
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

interface Running {
  readonly run: LibraryRun;
  readonly report: Report;
  readonly underWay: UnderWay;
  /** Ends the whole run: the next file would fail for the same reason. */
  readonly stop: (error: AppError) => void;
}

async function encodeAndReport(file: PlannedFile, { run, report, underWay, stop }: Running): Promise<void> {
  const { signal } = run.context;
  if (signal.aborted) return;
  try {
    report.file(file.path, file.bytes, await encodeFile(file, run));
  } catch (thrown) {
    if (signal.aborted) return; // the job, if there is one, stays in `underWay`
    const error = toAppError(thrown);
    if (exitCodeOf(error.code) === 4) return stop(error);
    const jobId = error instanceof CommandFailure ? error.jobId : null;
    report.file(file.path, file.bytes, { kind: "failed", error, jobId });
  }
  underWay.end(file.path);
  report.progress(underWay.text());
}

/** Says once what the jobs wait for. */
function noticeFor(client: ApiClient, note: (text: string) => void) {
  return watchForClients(async (view) => waitingText(view, client.connection, await wayForOthers(client)), note);
}

/** Folders among the inputs, and those of files. */
function homesOf(inputs: readonly string[], cwd: string): string[] {
  return inputs.flatMap((input) => [resolve(cwd, input), dirname(resolve(cwd, input))]);
}

interface Wanted {
  readonly inputs: readonly string[];
  readonly given: SubmitOptions;
  readonly names: LibraryNames;
}

interface Planned {
  readonly files: readonly PlannedFile[];
  readonly found: Found;
}

async function planFiles({ inputs, given, names }: Wanted, cwd: string, signal: AbortSignal): Promise<Planned> {
  const homes = new Homes(given, cwd);
  await homes.open(homesOf(inputs, cwd));
  const shared = await homes.shared();
  const isOurs = (path: string) => shared !== null && isOursIn(shared, path, given);
  const found = await findFiles(inputs, { cwd, isRecursive: given.recursive, isOurs, signal });
  return { files: await homes.plan(found.files, names), found };
}

/** Errors: those of the request and of reaching the server, E_USAGE, E_INTERRUPTED. Returns the exit code. */
export async function runLibrary(
  inputs: readonly string[],
  given: SubmitOptions,
  context: CommandContext,
): Promise<number> {
  requireUsable(given);
  const stopping = new AbortController();
  const signal = AbortSignal.any([context.signal, stopping.signal]);
  const { connection } = await connect(given, context);
  const client = new ApiClient(connection, signal);
  const names = await askForNames(given, client);
  const readFacts = await readerFor(given, context);
  const { files, found } = await planFiles({ inputs, given, names }, context.cwd, signal);
  const report = new Report(context, given.json);
  for (const { path, error } of found.bad) report.file(path, 0, { kind: "failed", error, jobId: null });
  const underWay = new UnderWay(files.length);
  const display = quiet((text) => report.note(text));
  const umask = given.participate ? process.umask() : null;
  const participant = files.length > 0 ? await startParticipant(given, client, display, context) : null;
  const notice = noticeFor(client, (text) => report.note(text));
  const run: LibraryRun = {
    client,
    context: { ...context, signal },
    given,
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
  try {
    const ahead = files.length > 0 ? await askHowManyAhead(given, client) : 1;
    const running: Running = { run, report, underWay, stop: (error) => stopping.abort(error) };
    await inParallel(each(files), ahead, (file) => encodeAndReport(file, running));
  } finally {
    notice.stop();
    await participant?.stop();
  }
  const exitCode = report.end(found.leftOut);
  if (context.signal.aborted) throw await settleLibrary(connection, underWay.ids(), context);
  signal.throwIfAborted();
  return exitCode;
}

async function readerFor(given: SubmitOptions, context: CommandContext): Promise<ReadFacts | null> {
  if (!mustProbe(given["skip-if"])) return null;
  const { factReader } = await import("../wiring/source-facts.ts");
  return await factReader(context.env, given.sandbox);
}

/** Outputs of this and earlier runs are no sources, nor is anything in a folder that was named for them. */
function isOursIn(
  { home, state }: { readonly home: string; readonly state: LibraryState },
  path: string,
  given: SubmitOptions,
): boolean {
  if (path === home) return given["output-dir"] !== null;
  return state.byOutput(withSlashes(relative(home, path))) !== null;
}

async function startParticipant(
  given: SubmitOptions,
  client: ApiClient,
  display: ProgressDisplay,
  context: CommandContext,
): Promise<Participant | null> {
  if (!given.participate) return null;
  const own = { workDir: resolve(context.cwd, given["work-dir"] ?? "work"), sandbox: given.sandbox };
  return await participate(client.connection, own, display, context);
}
