// The client library for programs, `ffcluster/client` of the npm package (docs/adr/0035-client-library.md). It runs in Node
// 20 and in Bun, and is made of the schemas that the server checks with.
import { randomUUID } from "node:crypto";
import { isRemoteAddress } from "../../base/network/remote-address.ts";
import { jobSchema, serverInfoSchema } from "../../cluster/server/views.ts";
import { parseServerAddress } from "../server-address.ts";
import { get, Patience, post, SLOW_CALL_MS } from "./calls.ts";
import { Clients } from "./clients.ts";
import { asFfclusterError } from "./ffcluster-error.ts";
import { Jobs } from "./jobs.ts";
import { Transport } from "./transport.ts";
import type { Job, NewJob, ServerInfo } from "./types.ts";
import { type StreamInput, type UploadOptions, uploadSource } from "./upload.ts";

// biome-ignore lint/performance/noBarrelFile: programs import this one file
export { FfclusterError } from "./ffcluster-error.ts";

/** How a program reaches a server. */
export interface FfclusterClientOptions {
  /** `host`, `host:port`, `http(s)://host:port`. Without a scheme it is http on this machine and https beyond. */
  readonly server: string;
  /** Of the role `submit` for jobs of its own, `read` to look, `admin` for everything. */
  readonly token: string;
  /** Of the server's own certificate, as `ffcluster invite` prints it. */
  readonly tlsFingerprint?: string | undefined;
  /** PEM of the authorities to believe instead of the system's. */
  readonly tlsCa?: string | undefined;
  /** How long an answer may take to begin; 30 s unless said. */
  readonly timeoutMs?: number | undefined;
}

const TIMEOUT_MS = 30_000;

/**
 * One server. Every failure is a FfclusterError with its code, a hint, and the HTTP status.
 *
 * ```js
 * const cluster = new FfclusterClient({ server: "node-1:5001", token, tlsFingerprint });
 * const job = await cluster.submit("in.mkv", { ffmpeg_params: "-c:v libx265 -crf 24", output_name: "out.mp4" });
 * for await (const { status, progress } of cluster.jobs.follow(job.job_id)) console.log(status, progress);
 * await cluster.jobs.download(job.job_id, "out.mp4");
 * ```
 */
export class FfclusterClient {
  readonly jobs: Jobs;
  readonly clients: Clients;
  readonly #transport: Transport;

  constructor(options: FfclusterClientOptions) {
    const { server, token, tlsFingerprint, tlsCa, timeoutMs = TIMEOUT_MS } = options;
    this.#transport = new Transport({ server: addressOf(server), token, tlsFingerprint, tlsCa, timeoutMs });
    this.jobs = new Jobs(this.#transport);
    this.clients = new Clients(this.#transport);
  }

  /** Version, ffmpeg and defaults of the server. */
  async server(): Promise<ServerInfo> {
    return await get(this.#transport, "/hello", serverInfoSchema);
  }

  /** Uploads a file, subtitles for a job perhaps, and gives the id of the source. A source makes one job. */
  async upload(input: string | StreamInput, options: UploadOptions = {}): Promise<string> {
    return await uploadSource(this.#transport, input, options);
  }

  /**
   * Uploads a source, a file by its path or a stream of known length, and makes a job of it. An `s3://` or `https://`
   * address is read by the server itself; `output_url` names where it puts the output. A broken link, or a server that
   * starts anew, is waited for, for five minutes; the upload of a file goes on where it was, also after this program was
   * killed.
   */
  async submit(input: string | StreamInput, job: NewJob = {}, options: UploadOptions = {}): Promise<Job> {
    const isAddress = typeof input === "string" && isRemoteAddress(input);
    const source = isAddress ? { source_url: input } : { source_id: await this.upload(input, options) };
    const { signal } = options;
    const headers = { "idempotency-key": randomUUID() }; // asked again after a lost answer, it makes no second job
    const asked = { headers, timeoutMs: SLOW_CALL_MS, signal };
    const body = { ...job, ...source };
    return await new Patience(signal).retry(() => post(this.#transport, "/jobs", body, jobSchema, asked));
  }

  /** Ends idle connections, which do not keep a program from ending. */
  close(): void {
    this.#transport.close();
  }
}

function addressOf(server: string) {
  try {
    return parseServerAddress(server);
  } catch (thrown) {
    throw asFfclusterError(thrown);
  }
}
