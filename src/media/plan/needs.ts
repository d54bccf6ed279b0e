// What a job needs from ffmpeg besides its encoder: a decoder for the source, and the requested filters. Builds differ
// in both, and a build that lacks one is reported before any work.
import { AppError } from "../../base/errors.ts";
import type { Inventory } from "../ffmpeg/builds/inventory.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { TextDrawer } from "../model/segment.ts";
import type { SourceInfo } from "../model/source.ts";
import { filterChain } from "../request/args/video-args.ts";
import type { ReleaseRange } from "./alike-releases.ts";

export interface Needs {
  /** The video's codec, by ffmpeg's name. */
  readonly codec: string;
  readonly filters: readonly string[];
  /** Releases that give the same output; absent: all do. */
  readonly releases?: ReleaseRange;
}

/** What the server itself also needs: it encodes the sound, and decodes the finished output to prove it. */
export interface ServerNeeds {
  readonly audioEncoders: readonly string[];
  readonly outputCodec: string;
}

export function needsOf({ video }: Pick<SourceInfo, "video">, request: EncodeRequest): Needs {
  return { codec: video.codec, filters: [...new Set(filterChain(request).map(({ name }) => name))] };
}

/** What this build lacks of it, in words; null: nothing. */
export function lackOf({ decodes, filters }: Pick<Inventory, "decodes" | "filters">, needs: Needs): string | null {
  if (!decodes.has(needs.codec)) return `cannot decode ${needs.codec}`;
  const missing = needs.filters.find((name) => !filters.has(name));
  return missing === undefined ? null : `has no filter ${missing}`;
}

/** A build may encode what it cannot decode (AV1 without libdav1d); such a result could not be checked. */
function unprovenOutput({ decodes }: Pick<Inventory, "decodes">, outputCodec: string): string | null {
  return decodes.has(outputCodec) ? null : `cannot decode ${outputCodec}, so the output could not be proven`;
}

/** Everything that this build lacks for a job, in sentences that begin with "has" or "cannot", for `probe`. */
export function lacksFor(
  inventory: Inventory,
  needs: Needs,
  encoders: readonly string[],
  outputCodec: string,
): string[] {
  const missing = needs.filters.filter((name) => !inventory.filters.has(name)).map((name) => `has no filter ${name}`);
  const unknown = encoders.filter((name) => !inventory.encoders.has(name)).map((name) => `has no encoder ${name}`);
  const unproven = unprovenOutput(inventory, outputCodec);
  return [
    ...(inventory.decodes.has(needs.codec) ? [] : [`cannot decode ${needs.codec}`]),
    ...missing,
    ...unknown,
    ...(unproven === null ? [] : [unproven]),
  ];
}

/** Whether a client can draw text shows in its rendering (scheduler/ability/text-rendering.ts). */
const DRAWS: ReadonlySet<string> = new Set<TextDrawer>(["drawtext", "subtitles"]);

/**
 * The server decodes and filters too, for its checks, but draws no text. Errors: E_SOURCE_REFUSED, E_ENCODE_REQUEST.
 */
export function requireNeeds(tools: Tools, inventory: Inventory, needs: Needs, own: ServerNeeds): void {
  const lack = lackOf(inventory, { ...needs, filters: needs.filters.filter((name) => !DRAWS.has(name)) });
  const hint = "Install a build that has it on the server, or name its folder in FFCLUSTER_FFMPEG_DIR.";
  const code = inventory.decodes.has(needs.codec) ? "E_ENCODE_REQUEST" : "E_SOURCE_REFUSED";
  if (lack !== null) throw new AppError(code, `the server's ffmpeg ${tools.version} ${lack}`, hint);
  const unknown = own.audioEncoders.find((encoder) => !inventory.encoders.has(encoder));
  if (unknown !== undefined)
    throw new AppError("E_ENCODE_REQUEST", `the server's ffmpeg ${tools.version} has no encoder ${unknown}`, hint);
  const unproven = unprovenOutput(inventory, own.outputCodec);
  if (unproven !== null)
    throw new AppError("E_ENCODE_REQUEST", `the server's ffmpeg ${tools.version} ${unproven}`, hint);
}
