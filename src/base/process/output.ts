// Reads what a child writes without letting it fill the memory.

const STDERR_TAIL_BYTES = 16 * 1024;
const STDOUT_TEXT_BYTES = 64 * 1024 * 1024;

type Bytes = ReadableStream<Uint8Array>;

/** Who takes stdout as it comes; with neither it is collected. */
export interface OutputTakers {
  /** Called for each line. */
  readonly onLine?: (line: string) => void;
  /** Called for raw bytes instead of lines; the next ones are read when this has come back. */
  readonly onBytes?: (bytes: Uint8Array) => void | Promise<void>;
}

/** The last 16 KiB as text. */
export async function readTail(stream: Bytes): Promise<string> {
  let tail = Buffer.alloc(0);
  for await (const chunk of stream) {
    tail = Buffer.concat([tail, chunk]);
    if (tail.length > STDERR_TAIL_BYTES) tail = Buffer.from(tail.subarray(tail.length - STDERR_TAIL_BYTES));
  }
  return tail.toString("utf8");
}

/** Splits a byte stream into lines as they arrive. */
export async function forEachLine(stream: Bytes, onLine: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = rest.indexOf("\n"); end !== -1; end = rest.indexOf("\n", start)) {
      onLine(rest.slice(start, end).replace(/\r$/, ""));
      start = end + 1;
    }
    rest = rest.slice(start);
  }
  if (rest !== "") onLine(rest);
}

/** The first 64 MiB; what follows is read and dropped. */
async function readText(stream: Bytes): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes <= STDOUT_TEXT_BYTES) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Stdout as text, or "" where it is taken as it comes. */
export async function readStdout(stream: Bytes, { onLine, onBytes }: OutputTakers): Promise<string> {
  if (onBytes !== undefined) {
    for await (const chunk of stream) await onBytes(chunk);
    return "";
  }
  if (onLine === undefined) return await readText(stream);
  await forEachLine(stream, onLine);
  return "";
}
