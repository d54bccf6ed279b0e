// Tries everything that needs no server: ffmpeg, its encoders, the whole path on a small clip, the disk.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Environment } from "../../base/config/resolve-options.ts";
import { AppError } from "../../base/errors.ts";
import { exists, freeBytes, removeTree } from "../../base/files.ts";
import { detectEncoders } from "../../hw/detect.ts";
import type { HardwareReport } from "../../hw/types.ts";
import { costsOf } from "../../media/ffmpeg/builds/differences.ts";
import { readInventory } from "../../media/ffmpeg/builds/inventory.ts";
import { type Missing, missingOf } from "../../media/ffmpeg/builds/missing.ts";
import { isUnproven, knownReleases, releaseText } from "../../media/ffmpeg/releases.ts";
import { findTools, type Tools } from "../../media/ffmpeg/tools.ts";
import { selfTest } from "../../media/local/self-test.ts";
import { proveSandbox } from "./prove-sandbox.ts";

export interface DoctorCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface MachineReport {
  readonly ffmpeg: {
    readonly path: string | null;
    readonly version: string | null;
    /** What this build lacks, and what this release costs compared with newer ones. */
    readonly costs: readonly Missing[];
  };
  /** Empty without ffmpeg. */
  readonly families: Partial<HardwareReport["families"]>;
  readonly checks: readonly DoctorCheck[];
}

export interface DoctorOptions {
  readonly env: Environment;
  readonly workDir: string;
  readonly signal: AbortSignal;
}

/** Below this `doctor` warns; a server refuses uploads long before. */
const LITTLE_SPACE_BYTES = 1024 ** 3;

async function checkDisk(workDir: string): Promise<DoctorCheck> {
  let folder = workDir;
  while (!(await exists(folder)) && dirname(folder) !== folder) folder = dirname(folder);
  const free = await freeBytes(folder);
  const detail = `${(free / 1024 ** 3).toFixed(1)} GiB free in ${folder}`;
  return { name: "disk", ok: free >= LITTLE_SPACE_BYTES, detail };
}

/** Seeks, trims, encodes and stitches a small clip: what this version of ffmpeg must get right; then the sandbox. */
async function tryPipeline(tools: Tools, signal: AbortSignal): Promise<readonly DoctorCheck[]> {
  const folder = await mkdtemp(join(tmpdir(), "ffcluster-doctor-"));
  try {
    const { checks } = await selfTest(tools, folder, signal);
    const sandbox = await proveSandbox(tools, folder, signal);
    return [...checks.map(({ name, ok, detail }) => ({ name: `self-test: ${name}`, ok, detail })), ...sandbox];
  } finally {
    await removeTree(folder);
  }
}

function provenText(tools: Tools): string {
  return isUnproven(tools) ? `, newer than those proven (${knownReleases()}),` : "";
}

async function costsHere(tools: Tools, signal: AbortSignal): Promise<Missing[]> {
  const missing = missingOf(await readInventory(tools, signal));
  return [...missing, ...costsOf(tools).map((means) => ({ name: `ffmpeg ${releaseText(tools)}`, means }))];
}

/** Never throws for something that does not work: that is its answer. */
export async function runDoctor(options: DoctorOptions): Promise<MachineReport> {
  const disk = await checkDisk(options.workDir);
  let tools: Tools;
  try {
    tools = await findTools(options.env);
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    const detail = `${thrown.message}. ${thrown.hint}`;
    return {
      ffmpeg: { path: null, version: null, costs: [] },
      families: {},
      checks: [{ name: "ffmpeg", ok: false, detail }, disk],
    };
  }
  const { families } = await detectEncoders(tools, { cache: null, signal: options.signal });
  const pipeline = await tryPipeline(tools, options.signal);
  const costs = await costsHere(tools, options.signal);
  const encoders = Object.values(families).flatMap((family) => family.encoders);
  const checks: DoctorCheck[] = [
    { name: "ffmpeg", ok: true, detail: `${tools.version}${provenText(tools)} at ${tools.ffmpeg}` },
    { name: "encoders", ok: encoders.length > 0, detail: `${encoders.length} proven by a trial encode` },
    ...pipeline,
    disk,
  ];
  return { ffmpeg: { path: tools.ffmpeg, version: tools.version, costs }, families, checks };
}
