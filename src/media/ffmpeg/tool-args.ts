// What command lines of ffmpeg and ffprobe have in common: how much is said, what may be opened, how a path is written.
import { RAW_JPEGS } from "./formats.ts";

/** How ffmpeg begins where its stdout and stderr are for us: errors alone, and no keys are read. */
export const QUIET: readonly string[] = ["-hide_banner", "-nostdin", "-v", "error"];

export interface InputLimits {
  /** Demuxers allowed, comma separated. */
  readonly formats: string;
  readonly kind: "file" | "http";
}

/** The options that stand before every `-i`: which protocols and demuxers ffmpeg may use for it. */
export function inputGuards(limits: InputLimits): string[] {
  return [
    ...["-protocol_whitelist", limits.kind === "file" ? "file" : "http,tcp"],
    ...["-format_whitelist", limits.formats],
    ...(limits.formats === RAW_JPEGS ? ["-f", RAW_JPEGS] : []),
  ];
}

/** ffmpeg takes `a:b` for a protocol; `file:` keeps any path a path. */
export function fileUrl(path: string): string {
  return `file:${path}`;
}
