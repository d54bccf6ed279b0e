// Which pixel formats the encoders of one build take, from ffmpeg's own lists. Builds of one release differ: x265, x264
// and libvpx are also built for 8 bits alone.
import { AppError } from "../../../base/errors.ts";
import { succeeded } from "../../../base/process/run-process.ts";
import { runTool } from "../run-tool.ts";
import type { Tools } from "../tools.ts";

/** By encoder; one that is absent takes any, or says nothing. */
export type PixelFormats = Readonly<Record<string, readonly string[]>>;

const TIMEOUT_MS = 30_000;

/** A start of ffmpeg takes 30 to 50 ms of one core. */
const AT_ONCE = 4;

/** `    Supported pixel formats: yuv420p yuvj420p …`; null: the encoder names none. */
export function parsePixelFormats(help: string): string[] | null {
  const found = /^\s*Supported pixel formats: (.+)$/m.exec(help)?.[1];
  return found === undefined ? null : found.trim().split(/\s+/);
}

async function ask(tools: Tools, encoder: string, signal: AbortSignal | undefined): Promise<string[] | null> {
  const args = ["-hide_banner", "-v", "error", "-h", `encoder=${encoder}`];
  const result = await runTool({
    tools,
    program: "ffmpeg",
    reads: [],
    writes: [],
    args,
    timeoutMs: TIMEOUT_MS,
    signal,
  });
  signal?.throwIfAborted();
  if (succeeded(result)) return parsePixelFormats(result.stdout);
  throw new AppError(
    "E_FFMPEG_MISSING",
    `${tools.ffmpeg} cannot say which pixel formats ${encoder} takes`,
    "`ffcluster doctor` checks ffmpeg; `ffcluster ffmpeg install` brings another.",
  );
}

/** Errors: E_FFMPEG_MISSING when ffmpeg does not answer. */
export async function readPixelFormats(
  tools: Tools,
  encoders: readonly string[],
  signal?: AbortSignal,
): Promise<PixelFormats> {
  const found: Record<string, readonly string[]> = {};
  const waiting = encoders.slice();
  const work = async () => {
    for (let encoder = waiting.shift(); encoder !== undefined; encoder = waiting.shift()) {
      const formats = await ask(tools, encoder, signal);
      if (formats !== null) found[encoder] = formats;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}
