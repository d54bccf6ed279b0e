// What a job needs of an ffmpeg beside its encoder: a decoder for the source, and the filters that are asked for. Builds
// differ in both; who lacks one is told so before any work.
import { AppError } from "../../base/errors.ts";
import type { EncodeRequest } from "../request/encode-request.ts";
import { filterChain } from "../request/video-args.ts";
import type { Tools } from "../tools.ts";
import type { SourceInfo, TextDrawer } from "../types.ts";
import type { ReleaseRange } from "./alike.ts";
import type { Inventory } from "./inventory.ts";

export interface Needs {
  /** The video's codec, by ffmpeg's name. */
  readonly codec: string;
  readonly filters: readonly string[];
  /** Releases that make the same of it; absent: all do. */
  readonly releases?: ReleaseRange;
}

export function needsOf({ video }: Pick<SourceInfo, "video">, request: EncodeRequest): Needs {
  return { codec: video.codec, filters: [...new Set(filterChain(request).map(({ name }) => name))] };
}

/** What of it this build lacks, in words; null: nothing. */
export function lackOf({ decodes, filters }: Pick<Inventory, "decodes" | "filters">, needs: Needs): string | null {
  if (!decodes.has(needs.codec)) return `cannot decode ${needs.codec}`;
  const missing = needs.filters.find((name) => !filters.has(name));
  return missing === undefined ? null : `has no filter ${missing}`;
}

/** All that this build lacks for a job, in sentences that begin "has" or "cannot": what `probe` tells. */
export function lacksFor(inventory: Inventory, needs: Needs, encoders: readonly string[]): string[] {
  const missing = needs.filters.filter((name) => !inventory.filters.has(name)).map((name) => `has no filter ${name}`);
  const unknown = encoders.filter((name) => !inventory.encoders.has(name)).map((name) => `has no encoder ${name}`);
  return [...(inventory.decodes.has(needs.codec) ? [] : [`cannot decode ${needs.codec}`]), ...missing, ...unknown];
}

/** Whether a client draws letters is told by what they look like there (scheduler/ability/letters.ts). */
const DRAWS: ReadonlySet<string> = new Set<TextDrawer>(["drawtext", "subtitles"]);

/** The server decodes and filters too, where it checks, but draws nothing. Errors: E_SOURCE_REFUSED, E_ENCODE_REQUEST. */
export function requireNeeds(tools: Tools, inventory: Inventory, needs: Needs, audioEncoders: readonly string[]): void {
  const lack = lackOf(inventory, { ...needs, filters: needs.filters.filter((name) => !DRAWS.has(name)) });
  const hint = "Install a build that has it on the server, or name its folder in FFCLUSTER_FFMPEG_DIR.";
  const code = inventory.decodes.has(needs.codec) ? "E_ENCODE_REQUEST" : "E_SOURCE_REFUSED";
  if (lack !== null) throw new AppError(code, `the server's ffmpeg ${tools.version} ${lack}`, hint);
  const unknown = audioEncoders.find((encoder) => !inventory.encoders.has(encoder));
  if (unknown === undefined) return;
  throw new AppError("E_ENCODE_REQUEST", `the server's ffmpeg ${tools.version} has no encoder ${unknown}`, hint);
}
