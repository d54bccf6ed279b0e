// Downloads an output: to a temp name beside the target, resumed by range when the link breaks, its digest checked, then
// renamed. Nothing appears under the target's name unless it is whole.
import { createHash, randomUUID } from "node:crypto";
import { link, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { jobSchema } from "../../cluster/server/views.ts";
import { API_PREFIX } from "../contract.ts";
import { get, Patience, part } from "./calls.ts";
import { FfclusterError } from "./ffcluster-error.ts";
import type { Transport } from "./transport.ts";

/** After this long without a byte the connection is dead, whatever the socket says. */
const STALL_MS = 20_000;

/** What a download may do. */
export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Replace a file at that path. Else it stays, and the download fails with E_OUTPUT_EXISTS. */
  readonly overwrite?: boolean | undefined;
  /** Called with the bytes that are here. */
  readonly onDownload?: ((have: number, total: number) => void) | undefined;
}

interface Output {
  readonly bytes: number;
  readonly sha256: string;
}

/** Errors: FfclusterError: E_WRONG_STATE, E_OUTPUT_EXISTS, E_DIGEST, E_UNREACHABLE; errors of the disk as they are. */
export async function downloadOutput(
  transport: Transport,
  id: string,
  path: string,
  options: DownloadOptions,
): Promise<void> {
  const find = () => get(transport, `/jobs/${part(id)}`, jobSchema, { signal: options.signal });
  const { output, job_id: jobId, status } = await new Patience(options.signal).retry(find);
  if (output === null)
    throw new FfclusterError("E_WRONG_STATE", `job ${jobId} is ${status}`, "Wait until it is Completed.");
  const temp = join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}.tmp`);
  try {
    await fetchWhole(transport, { url: `${API_PREFIX}/jobs/${part(jobId)}/output`, temp, output }, options);
    if (options.overwrite === true) await rename(temp, path);
    else await link(temp, path).catch((thrown) => refuseTaken(thrown, path));
  } finally {
    await rm(temp, { force: true });
  }
}

function refuseTaken(thrown: unknown, path: string): never {
  if (!(thrown instanceof Error) || !("code" in thrown) || thrown.code !== "EEXIST") throw thrown;
  throw new FfclusterError("E_OUTPUT_EXISTS", `${path} exists`, "Choose another path, or set overwrite.");
}

interface Fetching {
  readonly url: string;
  readonly temp: string;
  readonly output: Output;
}

async function fetchWhole(transport: Transport, { url, temp, output }: Fetching, options: DownloadOptions) {
  const { signal, onDownload } = options;
  const patience = new Patience(signal);
  const hash = createHash("sha256");
  const file = await open(temp, "wx");
  try {
    for (let have = 0; have < output.bytes; ) {
      try {
        for await (const chunk of bodyFrom(transport, url, output, have, signal)) {
          if (have + chunk.length > output.bytes) throw wrongDigest();
          await file.writeFile(chunk); // at the file's own position, all of it
          hash.update(chunk);
          have += chunk.length;
          patience.advanced();
          onDownload?.(have, output.bytes);
        }
        if (have < output.bytes) throw new FfclusterError("E_UNREACHABLE", "the download was cut short", "Try again.");
      } catch (thrown) {
        await patience.pause(thrown);
      }
    }
    if (hash.digest("hex") !== output.sha256) throw wrongDigest();
    await file.sync();
  } finally {
    await file.close();
  }
}

async function* bodyFrom(
  transport: Transport,
  url: string,
  output: Output,
  have: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const headers: Record<string, string> =
    have === 0 ? {} : { range: `bytes=${have}-`, "if-range": `"${output.sha256}"` };
  const { status, body } = await transport.ask(url, { headers, signal });
  const stalled = () => body.destroy(new Error("ETIMEDOUT: no byte came"));
  let timer = setTimeout(stalled, STALL_MS);
  try {
    if (have > 0 && status !== 206) throw wrongDigest();
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      clearTimeout(timer);
      yield chunk;
      timer = setTimeout(stalled, STALL_MS);
    }
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
}

function wrongDigest(): FfclusterError {
  const hint = "Download it again; if it stays so, a disk of the server is damaged.";
  return new FfclusterError("E_DIGEST", "the bytes that came are not the output", hint);
}
