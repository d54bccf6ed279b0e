// Finds out what a cluster would do with a file, without a cluster.
import type { Environment } from "../../base/config/resolve-options.ts";
import { type PreviewOptions, preview } from "../../cluster/server/intake/preview.ts";
import type { Preview } from "../../cluster/server/intake/preview-document.ts";
import { findTools } from "../../media/ffmpeg/tools.ts";

/** Errors: E_FFMPEG_MISSING, E_FFMPEG_OLD, and those of `preview`. */
export async function runProbe(options: PreviewOptions & { readonly env: Environment }): Promise<Preview> {
  return await preview(await findTools(options.env), options);
}

export type { Preview };
