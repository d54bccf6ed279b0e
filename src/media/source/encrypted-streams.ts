// Which streams of a source are encrypted according to the container: decoders would produce garbage from them, or
// nothing.
import { encryptedInMp4 } from "./mp4-protection.ts";
import { scrambledInTs } from "./ts-scrambling.ts";

export interface ContainedStream {
  readonly index: number;
  /** ffprobe's "id": of a transport stream the PID, such as "0x100". */
  readonly id?: string | undefined;
}

/** Indexes of the encrypted streams; empty when the container does not mark any. Errors: those of the file system. */
export async function encryptedStreams(
  path: string,
  bytes: number,
  formatName: string,
  streams: readonly ContainedStream[],
): Promise<ReadonlySet<number>> {
  if (formatName.startsWith("mov,")) return await encryptedInMp4(path, bytes);
  if (formatName !== "mpegts") return new Set();
  const pids = await scrambledInTs(path);
  return new Set(streams.flatMap(({ index, id }) => (id !== undefined && pids.has(Number(id)) ? [index] : [])));
}
