// Files that ffmpeg is given open, so that no name is followed a second time. A script in front of a program may close
// them, or have others at their place: then it gets names, and whoever gave one looks afterwards where it leads.
import { type FileHandle, open, readFile, realpath } from "node:fs/promises";
import { basename } from "node:path";
import { openPath } from "../../../base/process/inherited-files.ts";
import { succeeded } from "../../../base/process/run-process.ts";
import { type Programs, runTool } from "../run-tool.ts";
import { fileUrl } from "../tool-args.ts";

const TIMEOUT_MS = 30_000;
/** Bytes of an answer in words. */
const MOST_WORDS = 1000;
const MACHINE_CODE = Buffer.from("\x7fELF");

/** How these programs read the open file; null: only by its name. */
export function openPathFor({ sandbox }: Programs, handle: FileHandle): string | null {
  return sandbox.losesOpenFiles === undefined ? openPath(handle) : null;
}

/** A script, or a launcher of another name (Snap). A program keeps what it is given. */
async function isLauncher(handle: FileHandle, path: string, program: string): Promise<boolean> {
  const { buffer } = await handle.read(Buffer.alloc(MACHINE_CODE.length), 0, MACHINE_CODE.length, 0);
  return !buffer.equals(MACHINE_CODE) || !basename(await realpath(path)).includes(program);
}

/** Whether it reads the file, which is sound of 8 bits to it, and no other. */
async function reads(tools: Programs, program: "ffmpeg" | "ffprobe", path: string, bytes: Buffer): Promise<boolean> {
  const size = ["-show_entries", "format=size", "-of", "default=nokey=1:noprint_wrappers=1"];
  const input = ["-f", "u8", "-i", fileUrl(path)];
  const args = [
    "-v",
    "error",
    ...(program === "ffmpeg" ? ["-nostdin", ...input, "-f", "u8", "-"] : [...input, ...size]),
  ];
  const got: Uint8Array[] = [];
  let length = 0;
  const tooMuch = new AbortController();
  const onBytes = (part: Uint8Array) => {
    got.push(part);
    length += part.byteLength;
    if (length > bytes.length + MOST_WORDS) tooMuch.abort(); // another file, which may have no end
  };
  const { signal } = tooMuch;
  const run = { tools, program, args, reads: [path], writes: [], onBytes, signal, timeoutMs: TIMEOUT_MS };
  const result = await runTool(run);
  const answer = Buffer.concat(got);
  return (
    succeeded(result) && (program === "ffmpeg" ? answer.equals(bytes) : Number(answer.toString()) === bytes.length)
  );
}

/**
 * The programs of this installation that do not read a file which is given to them as `openPathFor` says. Only launchers
 * are tried, with their own text: that takes two starts.
 */
export async function unreadBy(tools: Programs): Promise<readonly string[]> {
  if (process.platform !== "linux") return [];
  const tried = (["ffmpeg", "ffprobe"] as const).map(async (program) => {
    const path = tools[program];
    const handle = await open(path).catch(() => null); // it may be run and not read: no script
    if (handle === null) return [];
    await using _ = handle;
    if (!(await isLauncher(handle, path, program))) return [];
    return (await reads(tools, program, openPathFor(tools, handle) ?? path, await readFile(path))) ? [] : [path];
  });
  return (await Promise.all(tried)).flat();
}
