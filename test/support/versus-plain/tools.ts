// The ffmpeg and ffprobe that a test holds outputs against: those of one folder, or those of PATH. Knows how each
// version is asked for the source's own times. Uses no code of the product.
import { join } from "node:path";

export interface Tools {
  readonly ffmpeg: string;
  readonly ffprobe: string;
  /** As `-version` says it: "5.1.9-0+deb12u1", "n8.1.2". */
  readonly name: string;
  /** Arguments that keep each decoded picture at its own time. */
  readonly ownTimes: readonly string[];
  /** A filter of the request's, even one that does nothing, changes which pictures `-r` shows. */
  readonly ratesByFilters: boolean;
}

export interface Ran {
  readonly stdout: Uint8Array;
  readonly stderr: string;
  readonly exitCode: number;
}

/** No piece of work of a test takes so long; a tool that hangs is ended and reads as failed. */
const TOOL_WITHIN_MS = 120_000;

/** Runs a tool to its end; an exit status other than 0 is the caller's to judge. */
export async function runTool(command: readonly string[]): Promise<Ran> {
  const child = Bun.spawn([...command], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: TOOL_WITHIN_MS,
    killSignal: "SIGKILL",
    // Static builds die of transport streams where they find the system's cache of character conversions.
    env: { GCONV_PATH: "/nonexistent/gconv", ...process.env },
  });
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.bytes(), child.stderr.text(), child.exited]);
  return { stdout, stderr, exitCode };
}

/** Errors: a plain Error with the command and what it said. */
export async function mustRun(command: readonly string[]): Promise<Uint8Array> {
  const { stdout, stderr, exitCode } = await runTool(command);
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: exit ${exitCode}: ${stderr.trim().slice(-1000)}`);
  return stdout;
}

/** The tools of a folder; null: those of FFCLUSTER_FFMPEG_DIR, else of PATH. */
export async function toolsIn(folder: string | null): Promise<Tools> {
  const where = folder ?? (process.env.FFCLUSTER_FFMPEG_DIR || null);
  const path = (name: string) => (where === null ? name : join(where, name));
  const text = new TextDecoder().decode(await mustRun([path("ffmpeg"), "-hide_banner", "-version"]));
  const name = /version (\S+)/.exec(text)?.[1] ?? "unknown";
  const libavcodec = Number(/libavcodec\s+(\d+)\./.exec(text)?.[1] ?? 0);
  // "demux" came with ffmpeg 6.1 (libavcodec 60.31); -1 went with 9.0 (libavcodec 63).
  const timeBase = libavcodec >= 61 ? "demux" : "-1";
  return {
    ffmpeg: path("ffmpeg"),
    ffprobe: path("ffprobe"),
    name,
    ownTimes: ["-fps_mode", "passthrough", "-enc_time_base:v", timeBase],
    // Until 6.1.
    ratesByFilters: libavcodec < 61,
  };
}
