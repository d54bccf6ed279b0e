// Whether the output still has sound where the source has. Pure: packets counted on both sides in, a named check out.

import { type CountedTrack, HIDDEN, isHidden, mayEndBefore } from "../../audio/silent-tracks.ts";
import type { ProofCheck } from "../../model/proof.ts";
import { type LeftOutStream, type StreamPlan, streamName } from "../../plan/stream-plan.ts";

/**
 * Counted on both files, apart from what the plan says: a source with sound has an output with sound, unless the request
 * asks for none. What an edit list hides is no sound. `soundsInOutput`: tracks of the output that hold a packet of sound.
 */
export function checkSoundKept(
  plan: StreamPlan,
  { formatName, tracks }: { readonly formatName: string; readonly tracks: ReadonlyMap<number, CountedTrack> },
  soundsInOutput: number,
): ProofCheck {
  const name = "sound kept";
  const isHeard = ({ source: { type, index } }: Pick<LeftOutStream, "source">) =>
    type === "audio" && (tracks.get(index)?.packets ?? 0) > 0 && !isHidden(formatName, tracks.get(index));
  const planned = plan.streams.filter(isHeard);
  // Decoding it before any work gave no sample.
  const isBefore = ({ reason, source: { index } }: LeftOutStream) =>
    reason === HIDDEN && mayEndBefore(formatName, tracks.get(index));
  const left = plan.leftOut.filter((one) => isHeard(one) && !isBefore(one));
  const all = planned.length + left.length;
  if (all === 0) return { name, ok: true, detail: "the source has no sound" };
  const ok = soundsInOutput > 0 || (planned.length === 0 && left.every((one) => one.isAsked));
  const without = left.map((one) => `${streamName(one.source)}: ${one.reason}`);
  return { name, ok, detail: [`${soundsInOutput} of ${all} tracks that hold sound`, ...without].join("; ") };
}
