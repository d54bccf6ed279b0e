// Reads the packets of a NUT segment in this process: their times and the parameter sets. A file that does not parse to
// its last byte gives no answer and is left to ffprobe.
import { open } from "node:fs/promises";
import { sha256Of } from "../../base/digest.ts";
import { errnoOf } from "../../base/errors.ts";
import type { Rational } from "../../base/rational.ts";
import { NutFile } from "./nut-file.ts";
import { FRAME_FLAGS } from "./nut-headers.ts";
import { NutError } from "./nut-numbers.ts";

export interface NutPackets {
  readonly timeBase: Rational;
  /** In the order of the file. */
  readonly pts: number[];
  /** Null: its codec has none. */
  readonly extradataSha256: string | null;
  /** Of the pictures, "320x180". */
  readonly size: string | null;
}

/** FFV1's older versions have no parameter sets, neither in the header nor in the packets. */
const WITHOUT_PARAMETER_SETS = "FFV1";

/** The four letters of the codec in the header; null: not a file that this can read. */
export async function readNutCodec(path: string): Promise<string | null> {
  try {
    await using handle = await open(path, "r");
    const nut = await NutFile.of(handle);
    let part = await nut.next();
    while (part !== null && part.kind !== "frame") part = await nut.next();
    return nut.stream.codecTag;
  } catch (thrown) {
    if (thrown instanceof NutError || errnoOf(thrown) !== null) return null;
    throw thrown;
  }
}

interface Read {
  readonly pts: number[];
  readonly isKey: boolean[];
  readonly nut: NutFile;
}

/** More frames than a caller expects: what is left of the file is not read. */
export class TooManyFrames extends Error {
  constructor(most: number) {
    super(`it holds more than ${most} frames`);
    this.name = "TooManyFrames";
  }
}

/** A day at 60 frames a second; of a file of which nothing is known. */
export const MOST_FRAMES = 24 * 3600 * 60;

/** Null: not a file that this can read. Errors: TooManyFrames. */
async function read<T>(path: string, most: number, answer: (found: Read) => T | null): Promise<T | null> {
  try {
    await using handle = await open(path, "r");
    const nut = await NutFile.of(handle);
    const pts: number[] = [];
    const isKey: boolean[] = [];
    for (let part = await nut.next(); part !== null; part = await nut.next()) {
      if (part.kind !== "frame") continue;
      if (pts.length === most) throw new TooManyFrames(most);
      pts.push(part.pts);
      isKey.push((part.flags & FRAME_FLAGS.key) !== 0);
    }
    return answer({ pts, isKey, nut });
  } catch (thrown) {
    if (thrown instanceof NutError || errnoOf(thrown) !== null) return null;
    throw thrown;
  }
}

/** Null: this can't read the file (ffprobe gives the reason), or its parameter sets are not in its header. */
export function readNut(path: string, most = MOST_FRAMES): Promise<NutPackets | null> {
  return read(path, most, ({ pts, nut }) => {
    const { timeBase, extradata, codecTag, size: found } = nut.stream;
    const size = found === null ? null : `${found.width}x${found.height}`;
    if (extradata.length === 0 && codecTag !== WITHOUT_PARAMETER_SETS) return null;
    const extradataSha256 = extradata.length === 0 ? null : sha256Of(extradata);
    return { timeBase, pts, extradataSha256, size };
  });
}

/** Which of a segment's pictures are key frames: their numbers, from 0, as they are shown. Null: not a file that this can read. */
export function readNutKeys(path: string): Promise<readonly number[] | null> {
  return read(path, MOST_FRAMES, ({ pts, isKey }) => {
    const shown = [...pts.keys()].sort((a, b) => (pts[a] ?? 0) - (pts[b] ?? 0));
    return shown.flatMap((frame, number) => (isKey[frame] === true ? [number] : []));
  });
}
