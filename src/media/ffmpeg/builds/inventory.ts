// What one build of ffmpeg contains, read once from its own lists (`-codecs`, `-filters`), never guessed
// from its version.
import { AppError } from "../../../base/errors.ts";
import { succeeded } from "../../../base/process/run-process.ts";
import { runTool } from "../run-tool.ts";
import type { Tools } from "../tools.ts";
import { BuildFacts } from "./build-facts.ts";
import { keptInventory } from "./kept-inventory.ts";

export interface Inventory {
  /** Codecs that it decodes in software, by ffmpeg's names. */
  readonly decodes: ReadonlySet<string>;
  /** Encoders of video, sound and subtitles. A listed encoder may still fail: hw/detect.ts tries those of video. */
  readonly encoders: ReadonlySet<string>;
  readonly filters: ReadonlySet<string>;
}

const TIMEOUT_MS = 30_000;

/** Decoders that need a device: the suffix of its interface. */
const ON_HARDWARE = /_(amf|crystalhd|cuvid|mediacodec|mmal|oh|qsv|rkmpp|v4l2m2m)$/;
/**
 * The decoder "av1" (libavcodec/av1dec.c) only drives hardware: "Your platform doesn't support hardware accelerated AV1
 * decoding" (8.1 without libdav1d, measured).
 */
const HARDWARE_ONLY = new Set(["av1"]);

/** ` DEV.L. av1   Alliance … (decoders: libdav1d av1 ) (encoders: …)`; without a list the decoder has the codec's name. */
export function parseCodecs(text: string): Set<string> {
  const found = new Set<string>();
  for (const [, codec = "", about = ""] of text.matchAll(/^ D[.E][VASDT][.I][.L][.S] (\S+)(.*)$/gm)) {
    const named = /\(decoders: ([^)]*)\)/.exec(about)?.[1]?.trim().split(/\s+/) ?? [codec];
    if (named.some((decoder) => !HARDWARE_ONLY.has(decoder) && !ON_HARDWARE.test(decoder))) found.add(codec);
  }
  return found;
}

/** Likewise of video, sound and subtitles; `-encoders` has the same names (5.1 to 9.0, measured). */
export function parseEncoders(text: string): Set<string> {
  const lines = text.matchAll(/^ [D.]E[VAS][.I][.L][.S] (\S+)(.*)$/gm);
  return new Set(
    Array.from(lines).flatMap(
      ([, codec = "", about = ""]) => /\(encoders: ([^)]*)\)/.exec(about)?.[1]?.trim().split(/\s+/) ?? [codec],
    ),
  );
}

/** ` TSC scale   V->V   Scale …`: three letters until 7.1, two since 8.0. */
export function parseFilters(text: string): Set<string> {
  return new Set(Array.from(text.matchAll(/^ [T.][S.][C.]? +(\S+) +\S+->\S+ /gm), ([, name = ""]) => name));
}

async function list(tools: Tools, option: string): Promise<string> {
  const args = ["-hide_banner", "-v", "error", option];
  const result = await runTool({ tools, program: "ffmpeg", reads: [], writes: [], args, timeoutMs: TIMEOUT_MS });
  if (succeeded(result)) return result.stdout;
  throw new AppError(
    "E_FFMPEG_MISSING",
    `${tools.ffmpeg} cannot list its components (${option})`,
    "`ffcluster doctor` checks ffmpeg; `ffcluster ffmpeg install` brings another.",
  );
}

const inventories = new BuildFacts<Inventory>();

/**
 * Reads the lists once for each build, in about 0.1 s, or what an earlier process kept of them. Errors: E_FFMPEG_MISSING when ffmpeg cannot print its lists.
 */
export async function readInventory(tools: Tools, signal?: AbortSignal): Promise<Inventory> {
  const { listsFile } = tools;
  const read = () => readLists(tools);
  const find = listsFile === undefined ? read : () => keptInventory(listsFile, tools, read);
  return await inventories.of(tools.ffmpeg, find, signal);
}

async function readLists(tools: Tools): Promise<Inventory> {
  const [codecs, filters] = await Promise.all([list(tools, "-codecs"), list(tools, "-filters")]);
  return { decodes: parseCodecs(codecs), encoders: parseEncoders(codecs), filters: parseFilters(filters) };
}
