// Arguments that all command lines of ffmpeg and ffprobe share: verbosity, the whitelist of inputs, and how a path is
// written.
import { isServed } from "../../base/network/served-file.ts";
import { RAW_JPEGS } from "./formats.ts";

const SERVED_PROTOCOLS = "http,tcp";

/** The first arguments where this program reads stdout and stderr: print errors only, read no keys. */
export const QUIET: readonly string[] = ["-hide_banner", "-nostdin", "-v", "error"];

/**
 * The largest block of memory, and with it the largest plane of a picture, whatever expressions of filters say: that of
 * 8192x8192 samples of 8 bytes, and what stands around it.
 */
export const BOUNDED_MEMORY: readonly string[] = ["-max_alloc", String(640 * 1024 * 1024)];

/**
 * Keeps ffmpeg from ending with an error where two thirds of the packets could not be decoded, which is so of a short
 * range that begins in the midst of a group. Whether all pictures are there is decided by counting them.
 */
export const ANY_ERROR_RATE: readonly string[] = ["-max_error_rate", "1"];

export interface InputLimits {
  /** Demuxers allowed, comma separated. */
  readonly formats: string;
  readonly kind: "file" | "http";
}

/** The options that stand before every `-i`: which protocols and demuxers ffmpeg may use for it. */
export function inputGuards(limits: InputLimits): string[] {
  return [
    ...["-protocol_whitelist", limits.kind === "file" ? "file" : SERVED_PROTOCOLS],
    ...["-format_whitelist", limits.formats],
    ...(limits.formats === RAW_JPEGS ? ["-f", RAW_JPEGS] : []),
  ];
}

/** What a command line of ffmpeg names as inputs, as `inputGuards` and `fileUrl` write it. */
export function inputFiles(args: readonly string[]): string[] {
  return args.flatMap((word, at) => {
    if (args[at - 1] !== "-i") return [];
    if (isServed(word)) return [word];
    return word.startsWith("file:") ? [word.slice(5)] : [];
  });
}

/** ffmpeg reads `a:b` as a protocol; with `file:` any path stays a path. The address of a served file stays itself. */
export function fileUrl(path: string): string {
  return isServed(path) ? path : `file:${path}`;
}

/** The arguments with the protocol of a served file allowed for it, and for no other input. */
export function withServedInputs(args: readonly string[]): string[] {
  const changed = [...args];
  for (const [at, word] of args.entries()) {
    if (!isServed(word)) continue;
    const guard = args.lastIndexOf("-protocol_whitelist", at);
    if (guard >= 0) changed[guard + 1] = SERVED_PROTOCOLS;
  }
  return changed;
}
