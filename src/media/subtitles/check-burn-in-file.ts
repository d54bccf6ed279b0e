// What a client looks at before libavfilter's `subtitles` opens a file that came over the network: that filter lets
// libavformat guess the format, and a playlist or a script of that name would open files of this machine.
import { open } from "node:fs/promises";
import { AppError } from "../../base/errors.ts";
import { succeeded } from "../../base/process/run-process.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { fileUrl, inputGuards } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";

/** EBML's first element (RFC 8794, 11.2.1), and the element that names the format (11.2.7) with "matroska" in it. */
const EBML = Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3);
const DOC_TYPE = Buffer.from("\u0042\u0082\u0088matroska", "latin1");
/** The header is a handful of short elements. */
const HEADER_BYTES = 128;
const TIMEOUT_MS = 20_000;

function refused(what: string): AppError {
  return new AppError(
    "E_SOURCE_REFUSED",
    `a subtitle file of the server is not opened: ${what}`,
    "It should be Matroska with one track of text and its fonts; use the same version of ffcluster everywhere.",
  );
}

async function beginning(path: string): Promise<Buffer> {
  await using handle = await open(path, "r");
  const buffer = Buffer.alloc(HEADER_BYTES);
  const { bytesRead } = await handle.read(buffer, 0, HEADER_BYTES, 0);
  return buffer.subarray(0, bytesRead);
}

/** Matroska by its first bytes, with one track of text and nothing else but attachments. Errors: E_SOURCE_REFUSED. */
export async function checkBurnInFile(tools: Tools, path: string, signal?: AbortSignal): Promise<void> {
  const head = await beginning(path);
  if (!head.subarray(0, EBML.length).equals(EBML) || !head.includes(DOC_TYPE)) throw refused("it is no Matroska");
  const { stdout, ...result } = await runTool({
    tools,
    program: "ffprobe",
    reads: [path],
    writes: [],
    args: [
      ...["-v", "error", ...inputGuards({ formats: "matroska,webm", kind: "file" }), "-f", "matroska"],
      ...["-show_entries", "stream=codec_type", "-of", "csv=p=0", fileUrl(path)],
    ],
    signal,
    timeoutMs: TIMEOUT_MS,
  });
  signal?.throwIfAborted();
  if (!succeeded({ stdout, ...result })) throw refused("it cannot be read as Matroska");
  const types = stdout.split(/\r?\n/).map((line) => line.replace(/,.*/, "").trim());
  const others = types.filter((type) => type !== "" && type !== "attachment");
  if (others.join() !== "subtitle") throw refused(`it holds ${others.join(", ") || "no subtitles"}`);
}
