// Compares the positions of the output's key frames with the requested distance. Pure.
import type { Pts } from "../../../base/rational.ts";
import type { ProofCheck } from "../../model/proof.ts";
import type { KeyDistance } from "../../request/args/key-distance.ts";

/** The first positions that are not consecutive multiples; null: there are none. */
function besideMultiples(positions: readonly number[], frames: number, distance: number): string | null {
  const wanted = Math.ceil(frames / distance);
  for (let number = 0; number < Math.max(wanted, positions.length); number++) {
    const found = positions[number];
    if (found === number * distance && number < wanted) continue;
    if (found === undefined) return `none at frame ${number * distance}`;
    return found < number * distance || number >= wanted
      ? `one at frame ${found}`
      : `none at frame ${number * distance}`;
  }
  return null;
}

/** The longest distance from a key frame to the next one, or to the end, in frames, and where it begins. */
function longestGap(positions: readonly number[], frames: number): { at: number; length: number } {
  let longest = { at: 0, length: positions[0] ?? frames };
  for (const [number, at] of positions.entries()) {
    const length = (positions[number + 1] ?? frames) - at;
    if (length > longest.length) longest = { at, length };
  }
  return longest;
}

/**
 * `videoPts`: sorted times of all frames of the output, `keyPts` those of its key frames, in the same ticks. Null: the
 * request states no distance.
 */
export function checkKeyFrames(
  videoPts: readonly Pts[],
  keyPts: ReadonlySet<Pts>,
  distance: KeyDistance | null,
): ProofCheck | null {
  if (distance === null) return null;
  const name = "key frames";
  const { frames, kind, isHeld } = distance;
  const positions = videoPts.flatMap((pts, position) => (keyPts.has(pts) ? [position] : []));
  const longest = longestGap(positions, videoPts.length);
  const found = `${positions.length} key frames, ${longest.length} frames apart at most`;
  if (!isHeld)
    return { name, ok: true, detail: `not measured: what this encoder makes of ${frames} is not known; ${found}` };
  if (kind === "every") {
    const wrong = besideMultiples(positions, videoPts.length, frames);
    return {
      name,
      ok: wrong === null,
      detail: `one every ${frames} frames${wrong === null ? "" : ` was asked for: ${wrong}`}`,
    };
  }
  const isWithin = longest.length <= frames;
  const detail = isWithin
    ? found
    : `none for ${longest.length} frames from frame ${longest.at}, where ${frames} were asked for`;
  return { name, ok: isWithin, detail };
}
