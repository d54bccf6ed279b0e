// Checks a finished output against the requested bit rate and buffer, by what is in the file and not by reports about
// segments. A missed rate does not make the frames inexact: it is reported with its figures.

import { playBucket, type TimedPacket } from "../bitrate/leaky-bucket.ts";
import { readPackets, sumBits } from "../bitrate/packet-bits.ts";
import type { Buffer } from "../bitrate/segment-buffer.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { ProofCheck } from "../model/proof.ts";
import { OUTPUT_DEMUXERS } from "./output-packets.ts";

/** Names of the checks made here; a failed one does not make an output inexact. */
export const BITRATE_CHECKS: ReadonlySet<string> = new Set(["bitrate", "buffer", "size"]);
/** The accepted deviation from -b:v, as a share of the size. */
const BITRATE_TOLERANCE = 0.02;

export interface RequestedBitrate {
  /** Bits per second of the whole video; null: quality decides. */
  readonly bitrate: number | null;
  /** -maxrate and -bufsize; null unless both were given. */
  readonly buffer: Buffer | null;
  /** Duration of the video. */
  readonly seconds: number;
}

/** Empty when neither a rate nor a buffer was requested. */
export async function checkBitrate(
  tools: Tools,
  path: string,
  requested: RequestedBitrate,
  signal?: AbortSignal,
): Promise<ProofCheck[]> {
  if (requested.bitrate === null && requested.buffer === null) return [];
  const packets = await readPackets(tools, path, OUTPUT_DEMUXERS, signal);
  return bitrateChecks(packets, requested);
}

/** Pure. */
export function bitrateChecks(
  packets: readonly TimedPacket[],
  { bitrate, buffer, seconds }: RequestedBitrate,
): ProofCheck[] {
  const checks: ProofCheck[] = [];
  if (bitrate !== null) {
    const got = sumBits(packets) / seconds;
    const error = got / bitrate - 1;
    const detail = `asked ${kilobits(bitrate)}, got ${kilobits(got)}: ${signed(100 * error)} % over ${seconds.toFixed(3)} s`;
    checks.push({ name: "bitrate", ok: Math.abs(error) <= BITRATE_TOLERANCE, detail });
  }
  if (buffer !== null) {
    const { underflows, worstMissingBits, firstAt, lowest } = playBucket(timed(packets, seconds), buffer);
    const bound = `${kilobits(buffer.maxrate)} into ${Math.round(buffer.bufsize / 1000)} kb`;
    const detail =
      underflows === 0
        ? `${bound}: never empty, at the lowest ${(100 * lowest).toFixed(1)} % full`
        : `${bound}: ${underflows} of ${packets.length} pictures come late, the first at ${firstAt?.toFixed(3)} s, by at most ${Math.ceil(worstMissingBits / 1000)} kb`;
    checks.push({ name: "buffer", ok: underflows === 0, detail });
  }
  return checks;
}

/** For containers without decoding times (Matroska): pictures are taken out at even steps. */
function timed(packets: readonly TimedPacket[], seconds: number): readonly TimedPacket[] {
  if (packets.every((packet) => Number.isFinite(packet.seconds))) return packets;
  return packets.map(({ bits }, position) => ({ bits, seconds: (position * seconds) / packets.length }));
}

function kilobits(bitsPerSecond: number): string {
  return `${(bitsPerSecond / 1000).toFixed(1)} kb/s`;
}

function signed(percent: number): string {
  return `${percent < 0 ? "" : "+"}${percent.toFixed(2)}`;
}

/** Whether the output is as small as was asked. */
export function sizeCheck(asked: number, got: number): ProofCheck {
  const share = (100 * got) / asked;
  const detail = `asked at most ${asked} bytes, got ${got}: ${share.toFixed(2)} %`;
  return { name: "size", ok: got <= asked, detail };
}
