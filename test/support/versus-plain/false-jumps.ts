// Jumps of the clock that are none. In TS and PS ffmpeg before 7.0 holds the decoding time of each packet against the time
// of the picture that came out of the decoder last (process_input, ffmpeg.c), and closes what lies more than 0.1 s behind:
// of slow pictures that are coded in another order it moves all but the first ones. Where no stream's decoding times jump
// there is nothing to close, and the source's own times are right.
import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { differencesBetween, type Rules } from "./differences.ts";
import { type PlainJob, runPlain } from "./plain-run.ts";
import { type Reading, readingOf } from "./reading.ts";
import { mustRun, type Tools } from "./tools.ts";

export interface Decoded {
  readonly stream: number;
  readonly seconds: number;
}

/** ffmpeg's own threshold (-dts_delta_threshold). */
const MOST_STEP_SECONDS = 10;
const MAY_JUMP = /\.(ts|m2ts|mts|vob|mpg|mpeg)$/;
const IS_MOVED = /^(picture \d+ is \S+ ms from its time$|sound \d)/;
/** At a constant rate pictures that are moved are shown more or less often. */
const IS_OF_PICTURES =
  /^(\d+ pictures where plain ffmpeg has \d+$|\d+ of \d+ pictures are others|picture \d+ is |sound \d)/;

/** What a jump that is none may have made: the times, and with `-r` the pictures by them. */
function mayBeMade(params: readonly string[]): RegExp {
  return params.some((word) => word === "-r" || word === "-r:v") ? IS_OF_PICTURES : IS_MOVED;
}

/** In the order of the file. Whether no stream goes back or leaps, on its own or from what was read before it. */
export function isSteady(packets: readonly Decoded[]): boolean {
  const last = new Map<number, number>();
  let before: number | null = null;
  for (const { stream, seconds } of packets) {
    const own = last.get(stream) ?? Number.NEGATIVE_INFINITY;
    if (seconds < own || Math.abs(seconds - (before ?? seconds)) > MOST_STEP_SECONDS) return false;
    last.set(stream, seconds);
    before = seconds;
  }
  return packets.length > 0;
}

async function decodedIn({ ffprobe }: Tools, path: string): Promise<Decoded[]> {
  const asked = ["-v", "error", "-show_entries", "packet=stream_index,dts_time", "-of", "csv=p=0"];
  const told = new TextDecoder().decode(await mustRun([ffprobe, ...asked, `file:${resolve(path)}`]));
  return told.split("\n").flatMap((line) => {
    const [stream, seconds] = line.split(",").map(Number.parseFloat);
    return stream === undefined || seconds === undefined || Number.isNaN(seconds) ? [] : [{ stream, seconds }];
  });
}

/** The differences that only a jump that is none makes left out: with the clock as it is, plain ffmpeg has none of them. */
export async function withoutFalseJumps(
  tools: Tools,
  job: PlainJob,
  ours: Reading,
  differences: readonly string[],
  rules: Rules,
): Promise<string[]> {
  const made = mayBeMade(job.params);
  const mayBe = MAY_JUMP.test(job.source) && differences.some((one) => made.test(one));
  if (!mayBe || !isSteady(await decodedIn(tools, job.source))) return [...differences];
  const output = job.output.replace(/(\.\w+)$/, "-unmoved$1");
  try {
    const inputArgs = [...(job.inputArgs ?? []), "-copyts", "-start_at_zero"];
    const { exitCode } = await runPlain(tools, { ...job, output, inputArgs });
    if (exitCode !== 0) return [...differences];
    const unmoved = differencesBetween(ours, await readingOf(tools, output), rules);
    const left = unmoved.filter((one) => made.test(one));
    return [...differences.filter((one) => !made.test(one)), ...left];
  } finally {
    await rm(output, { force: true });
  }
}
