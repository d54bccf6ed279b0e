// Finds the encoders that work on this machine: those that ffmpeg lists, each tried on each device, with bit depth and
// largest size. Never guesses from names or drivers. The report is cached by ffmpeg, driver and devices, because trials
// take more than half a second.
import { stat } from "node:fs/promises";
import { hostname } from "node:os";
import { z } from "zod";
import { readInventory } from "../media/ffmpeg/builds/inventory.ts";
import { readPixelFormats } from "../media/ffmpeg/builds/pixel-formats.ts";
import type { Tools } from "../media/ffmpeg/tools.ts";
import {
  ENCODER_FAMILIES,
  type EncoderFamily,
  HARDWARE_FAMILIES,
  type HardwareFamily,
} from "../media/model/encoder-family.ts";
import { DETECTORS } from "./detectors.ts";
import { deviceIdentity } from "./devices.ts";
import { findFailure } from "./failures.ts";
import { firstWords, SMALL, type TrialRun, tryEncoders } from "./trial.ts";
import type {
  DeviceReport,
  EncoderAbility,
  FamilyDetector,
  FamilyReport,
  HardwareCache,
  HardwareReport,
  TrialPicture,
} from "./types.ts";

/** Raised when detectors change what they try, so that cached reports become invalid. */
const DETECTION_VERSION = 4;

/** A driver may be repaired without a change of the key, so look again at least weekly. */
const KEEP_MS = 7 * 24 * 3600 * 1000;

const familySchema = z.object({
  listed: z.boolean(),
  working: z.boolean(),
  encoders: z.array(z.string()),
  reason: z.string().nullable(),
  devices: z.array(
    z.object({
      id: z.string().nullable(),
      encoders: z.array(z.object({ name: z.string(), ten_bits: z.boolean(), width: z.number(), height: z.number() })),
    }),
  ),
});
const namesSchema = z.array(z.string()).transform((names) => new Set(names));
const reportSchema = z.object({
  families: z.record(z.enum(ENCODER_FAMILIES), familySchema),
  pixelFormats: z.record(z.string(), z.array(z.string())),
  inventory: z.object({ decodes: namesSchema, encoders: namesSchema, filters: namesSchema }),
});

/** As `reportSchema` reads it: a set of names is an array. */
function written(report: HardwareReport): string {
  return JSON.stringify(report, (_, value: unknown) => (value instanceof Set ? [...value] : value));
}

export interface DetectOptions {
  /** Null: try everything and cache nothing (`doctor`). */
  readonly cache: HardwareCache | null;
  readonly signal?: AbortSignal | undefined;
  /** After how long without processor time a trial hangs. */
  readonly idleMs?: number;
}

/** Errors: E_FFMPEG_MISSING when ffmpeg cannot list its encoders. */
export async function detectEncoders(tools: Tools, options: DetectOptions): Promise<HardwareReport> {
  const key = await cacheKey(tools);
  const kept = readKept(options.cache?.get(key) ?? null);
  if (kept) return kept;
  const inventory = await readInventory(tools, options.signal);
  let isSure = true;
  const onNoAnswer = () => {
    isSure = false;
  };
  const run: TrialRun = { signal: options.signal, idleMs: options.idleMs, onNoAnswer };
  const look = (family: EncoderFamily) => detectFamily(tools, DETECTORS[family], inventory.encoders, run);
  const lookAtSoftware = async () => {
    const software = await look("software");
    return { software, pixelFormats: await readPixelFormats(tools, software.encoders, options.signal) };
  };
  const lookAtHardware = async () => {
    const found = {} as Record<HardwareFamily, FamilyReport>;
    for (const family of HARDWARE_FAMILIES) found[family] = await look(family);
    return found;
  };
  // Two at a time: the software trials use the cores, the hardware ones wait for drivers.
  const [{ software, pixelFormats }, hardware] = await Promise.all([lookAtSoftware(), lookAtHardware()]);
  const report: HardwareReport = { families: { software, ...hardware }, pixelFormats, inventory };
  // A machine that was too busy to answer is asked again at the next start, not a week later.
  if (isSure) options.cache?.set(key, written(report));
  return report;
}

/** The encoders that work, of all families or of those in `families`. */
export function workingEncoders(report: HardwareReport, families: readonly string[] | null = null): string[] {
  return Object.entries(report.families).flatMap(([family, found]) =>
    families === null || families.includes(family) ? found.encoders : [],
  );
}

async function cacheKey(tools: Tools): Promise<string> {
  const { size, mtimeMs } = await stat(tools.ffmpeg);
  const devices = await deviceIdentity();
  const week = Math.floor(Date.now() / KEEP_MS);
  return JSON.stringify([DETECTION_VERSION, hostname(), tools.ffmpeg, tools.version, size, mtimeMs, devices, week]);
}

function readKept(json: string | null): HardwareReport | null {
  if (json === null) return null;
  const parsed = reportSchema.safeParse(JSON.parse(json));
  return parsed.success ? parsed.data : null;
}

async function detectFamily(
  tools: Tools,
  detector: FamilyDetector,
  listed: ReadonlySet<string>,
  run: TrialRun,
): Promise<FamilyReport> {
  const candidates = detector.encoders.filter((encoder) => listed.has(encoder));
  if (candidates.length === 0) {
    const reason = "this ffmpeg was built without these encoders";
    return { listed: false, working: false, encoders: [], reason, devices: [] };
  }
  if (detector.family === "software") return await trySoftware(tools, detector, candidates, run);
  const devices: DeviceReport[] = [];
  let reason: string | null = null;
  for (const device of await detector.devices()) {
    const tried = await tryDevice(tools, detector, candidates, device, run);
    reason ??= tried.reason;
    if (tried.encoders.length === 0) break;
    devices.push({ id: device, encoders: tried.encoders });
  }
  const encoders = candidates.filter((name) =>
    devices.some((device) => device.encoders.some((each) => each.name === name)),
  );
  const working = encoders.length > 0;
  return { listed: true, working, encoders, reason: working ? null : reason, devices };
}

async function trySoftware(
  tools: Tools,
  detector: FamilyDetector,
  candidates: readonly string[],
  run: TrialRun,
): Promise<FamilyReport> {
  const tried = await tryTogether(tools, detector, candidates, run);
  const encoders = candidates.filter((encoder) => tried.get(encoder) === null);
  const working = encoders.length > 0;
  const [failed] = candidates.filter((encoder) => tried.get(encoder) !== null);
  const reason =
    failed === undefined ? null : `listed by ffmpeg, but: ${failed}: ${firstWords(tried.get(failed) ?? "")}`;
  return { listed: true, working, encoders, reason: working ? null : reason, devices: [] };
}

/**
 * By encoder: null, or ffmpeg's words. All of them share one run; where it fails, each half does, until the encoder that
 * fails is alone.
 */
async function tryTogether(
  tools: Tools,
  detector: FamilyDetector,
  encoders: readonly string[],
  run: TrialRun,
): Promise<ReadonlyMap<string, string | null>> {
  const failure = await tryEncoders(tools, { detector, encoders, device: null }, run);
  if (failure === null || encoders.length === 1) return new Map(encoders.map((encoder) => [encoder, failure]));
  const middle = Math.ceil(encoders.length / 2);
  const first = await tryTogether(tools, detector, encoders.slice(0, middle), run);
  return new Map([...first, ...(await tryTogether(tools, detector, encoders.slice(middle), run))]);
}

interface TriedDevice {
  readonly encoders: readonly EncoderAbility[];
  /** Of the first encoder that did not work. */
  readonly reason: string | null;
}

async function tryDevice(
  tools: Tools,
  detector: FamilyDetector,
  candidates: readonly string[],
  device: string | null,
  run: TrialRun,
): Promise<TriedDevice> {
  const encoders: EncoderAbility[] = [];
  let reason: string | null = null;
  for (const encoder of candidates) {
    const failure = await tryEncoders(tools, { detector, encoders: [encoder], device }, run);
    if (failure === null) {
      encoders.push(await measureAbility(tools, detector, encoder, device, run));
      continue;
    }
    const known = findFailure(failure);
    reason ??= `listed by ffmpeg, but: ${firstWords(failure)}${known === null ? "" : ` (${known.meaning})`}`;
    // Without the device, the family's other encoders need no trial.
    if (known?.kind === "gone") break;
  }
  return { encoders, reason };
}

/** 8K, 4K and 1080p as encoders count them; hardware that takes none of these keeps the size of its trial. */
const SIZES: readonly TrialPicture[] = [
  { width: 7680, height: 4320, isDeep: false },
  { width: 4096, height: 2160, isDeep: false },
  { width: 1920, height: 1088, isDeep: false },
];
/** Encoders whose codec hardware may encode with ten bits. */
const MAY_BE_DEEP = /^(hevc|av1|vp9)_/;

async function measureAbility(
  tools: Tools,
  detector: FamilyDetector,
  name: string,
  device: string | null,
  run: TrialRun,
): Promise<EncoderAbility> {
  const works = async (picture: TrialPicture) =>
    (await tryEncoders(tools, { detector, encoders: [name], device, picture }, run)) === null;
  const tenBits = MAY_BE_DEEP.test(name) && (await works({ ...SMALL, isDeep: true }));
  for (const size of SIZES) {
    if (await works(size)) return { name, ten_bits: tenBits, width: size.width, height: size.height };
  }
  return { name, ten_bits: tenBits, width: SMALL.width, height: SMALL.height };
}
