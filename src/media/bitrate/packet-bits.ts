// Counts the bits of video packets without their container: from ffmpeg's framecrc listing or by demuxing a file.
import { readFile } from "node:fs/promises";
import { AppError } from "../../base/errors.ts";
import { succeeded } from "../../base/process/run-process.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { lastWords } from "../ffmpeg/stderr.ts";
import { fileUrl, inputGuards } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { TimedPacket } from "./leaky-bucket.ts";

/** Lines of `-f framecrc` are "stream, dts, pts, duration, size, crc"; those with # are its head. */
export async function bitsInListing(path: string): Promise<number> {
  let bytes = 0;
  for (const line of (await readFile(path, "utf8")).split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    bytes += Number(line.split(",")[4]);
  }
  return bytes * 8;
}

/**
 * The packets of a file's first video stream that is no cover, in decoding order; a time that is not said is a NaN.
 * Throws E_INTERNAL for a file that ffprobe can't read.
 */
export async function readPackets(
  tools: Tools,
  path: string,
  formats: string,
  signal?: AbortSignal,
): Promise<TimedPacket[]> {
  const packets: TimedPacket[] = [];
  const result = await runTool({
    tools,
    program: "ffprobe",
    reads: [path],
    writes: [],
    args: [
      ...["-v", "error", ...inputGuards({ formats, kind: "file" })],
      ...["-select_streams", "V:0", "-show_entries", "packet=dts_time,size", "-of", "csv=p=0", fileUrl(path)],
    ],
    signal,
    onLine: (line) => {
      const [seconds, bytes] = line.split(",");
      if (bytes === undefined) return;
      packets.push({ seconds: Number(seconds), bits: Number(bytes) * 8 });
    },
  });
  signal?.throwIfAborted();
  if (succeeded(result)) return packets;
  throw new AppError("E_INTERNAL", lastWords(result.stderrTail), "ffprobe could not read what ffmpeg wrote.");
}

export function sumBits(packets: readonly TimedPacket[]): number {
  return packets.reduce((sum, { bits }) => sum + bits, 0);
}
