// Pictures without a time of their own: key pictures of an ASF whose packets say only when they are decoded. ffmpeg puts
// such a picture a whole number of ticks behind the one before it, which loses up to a tick; a source whose other pictures
// follow a rate has it where that rate does.
import { resolve } from "node:path";
import { timesDiffer } from "./differences.ts";
import type { Pictures, Reading } from "./reading.ts";
import { mustRun, type Tools } from "./tools.ts";

const IS_LATE = /^picture \d+ is \S+ ms from its time$/;

/** `known`: of each picture, in the order in which they are shown, whether its packet says when. */
export function timesDifferKnown(ours: Pictures, plain: Pictures, known: readonly boolean[]): string | null {
  if (known.length !== ours.seconds.length) return timesDiffer(ours, plain);
  const tick = Math.max(ours.tick, plain.tick, 0.001);
  const [a = 0, b = 0] = [ours.seconds[0], plain.seconds[0]];
  const nearer = ours.seconds.map((seconds, at) => {
    const by = seconds - a - ((plain.seconds[at] ?? 0) - b);
    return known[at] === false ? seconds - Math.sign(by) * Math.min(tick, Math.abs(by)) : seconds;
  });
  return timesDiffer({ ...ours, seconds: nearer }, plain);
}

async function knownIn({ ffprobe }: Tools, path: string): Promise<boolean[]> {
  const asked = ["-v", "error", "-select_streams", "V:0", "-show_entries", "frame=pts", "-of", "csv=p=0"];
  const told = new TextDecoder().decode(await mustRun([ffprobe, ...asked, `file:${resolve(path)}`]));
  return told.split("\n").flatMap((line) => (line === "" ? [] : [!line.startsWith("N/A")]));
}

/** The differences without those that only a guessed time makes. */
export async function withoutGuesses(
  tools: Tools,
  source: string,
  [ours, plain]: readonly [Reading, Reading],
  differences: readonly string[],
): Promise<string[]> {
  if (!/\.(wmv|asf)$/.test(source) || !differences.some((one) => IS_LATE.test(one))) return [...differences];
  const left = timesDifferKnown(ours.pictures, plain.pictures, await knownIn(tools, source));
  return [...differences.filter((one) => !IS_LATE.test(one)), ...(left === null ? [] : [left])];
}
