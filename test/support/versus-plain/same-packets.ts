// Sound that was copied: what holds the same packets at the same times is the same, whatever a decoder makes of it. Since
// 7.1 ffmpeg's AAC decoder leaves one channel to chance where a stereo track goes on in mono: two decodes of one file differ.
import { resolve } from "node:path";
import { type Reading, type Row, rowsOf } from "./reading.ts";
import { mustRun, type Tools } from "./tools.ts";

export interface Packet {
  readonly seconds: number;
  readonly hash: string;
}

interface Output {
  readonly path: string;
  readonly reading: Reading;
}

/** What containers round times by (Matroska), and a little. */
const ROUNDING_SECONDS = 0.002;
const ANOTHER_SOUND = /^sound (\d+) at \S+ s: another sound /;

/** `origins`: the first pictures of the two files, seconds. */
export function arePacketsSame(
  ours: readonly Packet[],
  plain: readonly Packet[],
  [a, b]: readonly [number, number],
): boolean {
  const isSame = ({ seconds, hash }: Packet, other: Packet | undefined) =>
    other?.hash === hash && Math.abs(seconds - a - (other.seconds - b)) <= ROUNDING_SECONDS;
  return ours.length > 0 && ours.length === plain.length && ours.every((packet, at) => isSame(packet, plain[at]));
}

/** Errors: the file can't be read. */
async function packetsOf(tools: Tools, { path, reading }: Output, number: number): Promise<Packet[]> {
  const index = reading.streams.filter(({ type }) => type === "audio")[number]?.index;
  if (index === undefined) return [];
  const asked = [tools.ffmpeg, "-nostdin", "-v", "error", "-copyts", "-i", `file:${resolve(path)}`];
  const told = await mustRun([...asked, "-map", `0:${index}`, "-c", "copy", "-f", "framemd5", "-"]);
  const { tick, rows } = rowsOf(new TextDecoder().decode(told));
  return rows.map(({ pts, hash }: Row) => ({ seconds: pts * tick, hash }));
}

/** The differences that only a decoder makes left out. */
export async function withoutDecodersOwn(
  tools: Tools,
  ours: Output,
  plain: Output,
  differences: readonly string[],
): Promise<string[]> {
  const origins = [ours.reading.pictures.seconds[0] ?? 0, plain.reading.pictures.seconds[0] ?? 0] as const;
  const left: string[] = [];
  for (const difference of differences) {
    const number = ANOTHER_SOUND.exec(difference)?.[1];
    const isSame =
      number !== undefined &&
      arePacketsSame(
        await packetsOf(tools, ours, Number(number)),
        await packetsOf(tools, plain, Number(number)),
        origins,
      );
    if (!isSame) left.push(difference);
  }
  return left;
}
