// The second step of a job's end: makes the output. Meanwhile it reads what the checks need from the source, if a restart
// has lost it.
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import { type SourceEvidence, stitchInput } from "../../../media/recipe/output-recipe.ts";
import { stitch } from "../../../media/stitch/stitch.ts";
import { requireIntact } from "./finished-segments.ts";
import type { GatheredOutput } from "./gather-output.ts";

/** Errors: E_STITCH. */
export async function stitchOutput(tools: Tools, { work, segments, recipe }: GatheredOutput): Promise<SourceEvidence> {
  const { source } = work;
  const clock = await source.clock();
  const [sourceSound, sourceTracks, sourceExtras, soundLengths] = await Promise.all([
    source.sound(),
    source.tracks(),
    source.extras(),
    source.lengths(),
    work.ahead.settled(),
    requireIntact(segments, work.signal),
    stitch(tools, stitchInput(recipe, clock)),
  ]);
  return { sourceSound, sourceTracks, sourceExtras, soundLengths };
}
