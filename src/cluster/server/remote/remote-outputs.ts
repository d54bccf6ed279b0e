// The outputs of jobs that go to stores and web hosts.
import { AppError, toAppError } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import { nameOfAddress } from "../../../base/network/remote-address.ts";
import type { JobFolders } from "../job/job-folders.ts";
import type { Destination } from "../job/job-record.ts";
import { type CallPolicy, DEFAULT_CALL_POLICY } from "./call-place.ts";
import type { Places } from "./places.ts";
import { abandonOutput, type FinishedFile, requireWritable, storeOutput } from "./store-output.ts";

export interface RemoteOutputsOptions {
  readonly places: Places;
  readonly folders: JobFolders;
  readonly log: Log;
  readonly policy?: CallPolicy;
  readonly partBytes?: number;
}

/** For a first look and for tidying up: nobody waits longer. */
const SHORT_MS = 20_000;

export class RemoteOutputs {
  readonly #options: RemoteOutputsOptions;
  readonly #policy: CallPolicy;

  constructor(options: RemoteOutputsOptions) {
    this.#options = options;
    this.#policy = options.policy ?? DEFAULT_CALL_POLICY;
  }

  #reach(signal: AbortSignal, giveUpMs = this.#policy.giveUpMs) {
    const policy = { ...this.#policy, giveUpMs: Math.min(giveUpMs, this.#policy.giveUpMs) };
    return { places: this.#options.places, policy, signal };
  }

  /** Where an output will go, before any work. Errors: E_MALFORMED, E_FORBIDDEN, E_STORE, E_OUTPUT_EXISTS. */
  async check(address: string, mayOverwrite: boolean, signal: AbortSignal): Promise<Destination> {
    const place = this.#options.places.output(address);
    await requireWritable(this.#reach(signal, SHORT_MS), place, mayOverwrite);
    return { address, shown: place.shown };
  }

  /** Puts a job's output there. Errors: E_FORBIDDEN, E_STORE; the abort reason as it is. Leaves no parts behind then. */
  async store(
    jobId: string,
    { address }: Destination,
    file: FinishedFile,
    { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (percent: number) => void },
  ): Promise<void> {
    const { places, partBytes } = this.#options;
    const storing = { reach: this.#reach(signal), note: this.#note(jobId), onProgress };
    const sized = partBytes === undefined ? storing : { ...storing, partBytes };
    try {
      await storeOutput(sized, places.output(address), address, file);
    } catch (thrown) {
      await this.abandon(jobId);
      throw thrown;
    }
  }

  /** Ends what has begun of a job's upload; what can't be ended is logged. */
  async abandon(jobId: string): Promise<void> {
    const { places, log } = this.#options;
    const storing = {
      reach: this.#reach(new AbortController().signal, SHORT_MS),
      note: this.#note(jobId),
      onProgress() {},
    };
    await abandonOutput(storing, (address) => places.output(address)).catch((thrown: unknown) => {
      log.warn("an upload to a store could not be ended; a lifecycle rule there removes its parts", {
        job: jobId,
        error: toAppError(thrown).message,
      });
    });
  }

  #note(jobId: string): string {
    return this.#options.folders.of(jobId).storing;
  }
}

/** The name that decides the container. Errors: E_MALFORMED. */
export function outputNameOf(address: string): string {
  const name = nameOfAddress(address);
  if (name.includes(".")) return name;
  const hint = "End it like a file: s3://bucket/film.mp4.";
  throw new AppError("E_MALFORMED", "the output's address names no file", hint);
}
