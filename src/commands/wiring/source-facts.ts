// What this machine's ffprobe says of a source, for rules that leave sources out before anything is sent.
import type { Environment } from "../../base/config/resolve-options.ts";
import { AppError } from "../../base/errors.ts";
import type { SandboxMode } from "../../base/sandbox/confinement.ts";
import { findTools } from "../../media/ffmpeg/tools.ts";
import { probeSource } from "../../media/source/probe.ts";

export interface SourceFacts {
  /** ffprobe's name of the video's codec. */
  readonly codec: string;
  /** Of the whole file; null when the container does not say how long it lasts. */
  readonly bitsPerSecond: number | null;
}

/** Null for a file that is refused: whoever submits it hears why. */
export type ReadFacts = (path: string, signal: AbortSignal) => Promise<SourceFacts | null>;

/** Errors: E_FFMPEG_MISSING, E_FFMPEG_OLD. */
export async function factReader(env: Environment, sandbox: SandboxMode): Promise<ReadFacts> {
  const tools = await findTools(env, sandbox);
  return async (path, signal) => {
    try {
      const { bytes, durationMicroseconds, video } = await probeSource(tools, path, { signal });
      const bitsPerSecond = durationMicroseconds === null ? null : (bytes * 8e6) / durationMicroseconds;
      return { codec: video.codec, bitsPerSecond };
    } catch (thrown) {
      signal.throwIfAborted();
      if (thrown instanceof AppError) return null;
      throw thrown;
    }
  };
}
