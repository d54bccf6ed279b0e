// A finished output to a file here: temp name next to the target, resumed by range when the link breaks, digest
// checked, then renamed. Nothing appears under the target's name unless it is whole.
import { open, rm } from "node:fs/promises";
import { delay } from "../base/clock.ts";
import { AppError, errnoOf } from "../base/errors.ts";
import { landFile, tempNameFor } from "../base/files.ts";
import type { ApiClient } from "./client.ts";
import { API_PREFIX } from "./contract.ts";
import { call } from "./http-call.ts";

const TRIES_WITHOUT_PROGRESS = 6;
const RETRY_DELAY_MS = 1000;

export interface WantedOutput {
  readonly jobId: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Errors: E_DIGEST when the bytes are not those the server named, E_UNREACHABLE after six tries without a byte. */
export async function downloadOutput(
  client: ApiClient,
  output: WantedOutput,
  targetPath: string,
  onBytes: (received: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const tempPath = tempNameFor(targetPath);
  const path = `${API_PREFIX}/jobs/${encodeURIComponent(output.jobId)}/output`;
  const hasher = new Bun.CryptoHasher("sha256");
  let received = 0;
  const file = await open(tempPath, "w");
  try {
    try {
      for (let idle = 0; received < output.bytes; ) {
        const before = received;
        try {
          const headers: Record<string, string> =
            received === 0 ? {} : { range: `bytes=${received}-`, "if-range": `"${output.sha256}"` };
          const response = await call(client.connection, path, { headers, signal });
          if (received > 0 && response.status !== 206) throw wrongDigest(output.jobId);
          if (response.body === null) break;
          for await (const chunk of response.body) {
            await file.write(chunk, 0, chunk.length, received);
            hasher.update(chunk);
            received += chunk.length;
            onBytes(received);
          }
          if (received === before) throw wrongDigest(output.jobId); // shorter than the server said
        } catch (thrown) {
          signal?.throwIfAborted();
          if (!isLinkFailure(thrown)) throw thrown;
          idle = received > before ? 0 : idle + 1;
          if (idle >= TRIES_WITHOUT_PROGRESS) throw thrown;
          await delay(RETRY_DELAY_MS, signal);
        }
      }
    } finally {
      await file.close();
    }
    if (received !== output.bytes || hasher.digest("hex") !== output.sha256) throw wrongDigest(output.jobId);
    await landFile(tempPath, targetPath);
  } catch (thrown) {
    await rm(tempPath, { force: true });
    if (errnoOf(thrown) !== "ENOSPC") throw thrown;
    const hint = `Free some space, then \`ffcluster jobs download ${output.jobId} -o FILE\`.`;
    throw new AppError("E_NO_SPACE", `no space for ${targetPath}`, hint, { cause: thrown });
  }
}

/** Our own disk's errors must not be retried; a broken link has no errno of a file. */
function isLinkFailure(thrown: unknown): boolean {
  if (thrown instanceof AppError) return thrown.code === "E_UNREACHABLE";
  const code = typeof thrown === "object" && thrown !== null && "code" in thrown ? String(thrown.code) : "";
  return /ECONNRESET|Connection|EPIPE|ERR_|ETIMEDOUT|UNEXPECTED_EOF/i.test(code);
}

function wrongDigest(jobId: string): AppError {
  const hint = `Get it again with \`ffcluster jobs download ${jobId} -o FILE\`.`;
  return new AppError("E_DIGEST", "the downloaded file is not the one the server named", hint);
}
