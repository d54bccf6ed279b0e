// Which encoders work on this machine: listed by ffmpeg, then each proven by a trial encode. Never guesses from names
// or drivers. The report is kept per ffmpeg, because a cold look takes a good half second.
import { stat } from "node:fs/promises";
import { hostname } from "node:os";
import { z } from "zod";
import { AppError } from "../base/errors.ts";
import { exists } from "../base/files.ts";
import { runTool } from "../base/process.ts";
import type { Tools } from "../media/tools.ts";
import { amfDetector } from "./detectors/amf.ts";
import { nvencDetector } from "./detectors/nvenc.ts";
import { qsvDetector } from "./detectors/qsv.ts";
import { softwareDetector } from "./detectors/software.ts";
import { vaapiDetector } from "./detectors/vaapi.ts";
import { videotoolboxDetector } from "./detectors/videotoolbox.ts";
import { tryEncoders } from "./trial.ts";
import type { FamilyDetector, FamilyReport, HardwareCache, HardwareReport } from "./types.ts";

/** Changed when the detectors change what they try, so that kept reports are made anew. */
const DETECTION_VERSION = 1;

/** A driver may be mended without a change that the key sees: look again at least weekly. */
const KEEP_MS = 7 * 24 * 3600 * 1000;
/** A device that comes or goes makes a kept report worthless. */
const DEVICE_FILES = ["/dev/nvidiactl", "/dev/dri/renderD128", "/dev/dxg"];

const familySchema = z.object({
  listed: z.boolean(),
  working: z.boolean(),
  encoders: z.array(z.string()),
  reason: z.string().nullable(),
});
const reportSchema = z.object({
  families: z.object({
    software: familySchema,
    nvenc: familySchema,
    qsv: familySchema,
    amf: familySchema,
    videotoolbox: familySchema,
    vaapi: familySchema,
  }),
});

export interface DetectOptions {
  /** Null: look anew and keep nothing (`doctor`). */
  readonly cache: HardwareCache | null;
  readonly signal?: AbortSignal;
}

/** Encoder names in the output of `ffmpeg -encoders`: lines such as " V....D libx264  libx264 H.264 …". */
export function parseEncoderList(text: string): Set<string> {
  const names = text.matchAll(/^ V[.FSXBD]{5} (\w\S*)/gm);
  return new Set(Array.from(names, (match) => match[1] ?? ""));
}

/** Errors: E_FFMPEG_MISSING when ffmpeg cannot list its encoders. */
export async function detectEncoders(tools: Tools, options: DetectOptions): Promise<HardwareReport> {
  const key = await cacheKey(tools);
  const kept = readKept(options.cache?.get(key) ?? null);
  if (kept) return kept;
  const listed = await listEncoders(tools, options.signal);
  const look = (detector: FamilyDetector) => detectFamily(tools, detector, listed, options.signal);
  const lookAtHardware = async () => ({
    nvenc: await look(nvencDetector),
    qsv: await look(qsvDetector),
    amf: await look(amfDetector),
    videotoolbox: await look(videotoolboxDetector),
    vaapi: await look(vaapiDetector),
  });
  // Two at a time: the software trials use the cores, the hardware ones wait for drivers.
  const [software, hardware] = await Promise.all([look(softwareDetector), lookAtHardware()]);
  const report: HardwareReport = { families: { software, ...hardware } };
  options.cache?.set(key, JSON.stringify(report));
  return report;
}

/** The names proven to work, of all families or of those named. */
export function workingEncoders(report: HardwareReport, families: readonly string[] | null = null): string[] {
  return Object.entries(report.families).flatMap(([family, found]) =>
    families === null || families.includes(family) ? found.encoders : [],
  );
}

async function cacheKey(tools: Tools): Promise<string> {
  const { size, mtimeMs } = await stat(tools.ffmpeg);
  const devices = await Promise.all(DEVICE_FILES.map(exists));
  const week = Math.floor(Date.now() / KEEP_MS);
  return JSON.stringify([DETECTION_VERSION, hostname(), tools.ffmpeg, tools.version, size, mtimeMs, devices, week]);
}

function readKept(json: string | null): HardwareReport | null {
  if (json === null) return null;
  const parsed = reportSchema.safeParse(JSON.parse(json));
  return parsed.success ? parsed.data : null;
}

async function listEncoders(tools: Tools, signal: AbortSignal | undefined): Promise<Set<string>> {
  const args = ["-hide_banner", "-v", "error", "-encoders"];
  const result = await runTool({ program: tools.ffmpeg, args, timeoutMs: 30_000, ...(signal ? { signal } : {}) });
  signal?.throwIfAborted();
  if (result.exitCode !== 0) {
    throw new AppError(
      "E_FFMPEG_MISSING",
      `${tools.ffmpeg} cannot list its encoders`,
      "`ffcluster doctor` checks ffmpeg; install it anew if it is damaged.",
    );
  }
  return parseEncoderList(result.stdout);
}

async function detectFamily(
  tools: Tools,
  detector: FamilyDetector,
  listed: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<FamilyReport> {
  const candidates = detector.encoders.filter((encoder) => listed.has(encoder));
  if (candidates.length === 0) {
    return { listed: false, working: false, encoders: [], reason: "this ffmpeg was built without these encoders" };
  }
  if (detector.canShareProcess && (await tryEncoders(tools, detector, candidates, signal)) === null) {
    return { listed: true, working: true, encoders: candidates, reason: null };
  }
  const working: string[] = [];
  let reason: string | null = null;
  for (const encoder of candidates) {
    const failure = await tryEncoders(tools, detector, [encoder], signal);
    if (failure === null) working.push(encoder);
    else reason ??= `${encoder}: ${failure}`;
    if (failure !== null && detector.deviceMissing?.test(failure)) break;
  }
  return { listed: true, working: working.length > 0, encoders: working, reason: working.length > 0 ? null : reason };
}
