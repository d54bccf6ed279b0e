// What a cluster would do with a file, found out without a cluster.
import type { Environment } from "../../base/config/resolve-options.ts";
import { type ForeseeOptions, foresee } from "../../cluster/server/intake/preview.ts";
import type { Foreseen } from "../../cluster/server/intake/preview-text.ts";
import { findTools } from "../../media/ffmpeg/tools.ts";

/** Errors: E_FFMPEG_MISSING, E_FFMPEG_OLD, and those of `foresee`. */
export async function runProbe(options: ForeseeOptions & { readonly env: Environment }): Promise<Foreseen> {
  return await foresee(await findTools(options.env), options);
}

export type { Foreseen };
