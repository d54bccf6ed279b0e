// Which streams of a transport stream are scrambled: by the scrambling control bits of their packets (ISO/IEC 13818-1,
// 2.4.3.3) in the first megabytes.
import { openRandomAccess } from "../../base/network/served-file.ts";

const SYNC = 0x47;
const PACKET_BYTES = 188;
/** Plain; with an arrival time before each packet (M2TS); with error correction after it. */
const SPACINGS = [188, 192, 204] as const;
const LOOK_AT_BYTES = 4 * 1024 * 1024;
/** Consecutive packets that must start with the sync byte before they count as packets. */
const SURE_AFTER = 5;

function framing(bytes: Buffer): { first: number; spacing: number } | null {
  for (const spacing of SPACINGS) {
    for (let first = 0; first < spacing; first++) {
      if (first + spacing * SURE_AFTER > bytes.length) break;
      let held = 0;
      while (held < SURE_AFTER && bytes[first + held * spacing] === SYNC) held++;
      if (held === SURE_AFTER) return { first, spacing };
    }
  }
  return null;
}

/** PIDs whose packets with a payload are mostly scrambled. */
export function scrambledPids(bytes: Buffer): Set<number> {
  const found = framing(bytes);
  const counts = new Map<number, { packets: number; scrambled: number }>();
  if (found === null) return new Set();
  for (let at = found.first; at + PACKET_BYTES <= bytes.length; at += found.spacing) {
    if (bytes[at] !== SYNC) continue;
    const control = bytes[at + 3] ?? 0;
    if ((control & 0x10) === 0) continue; // no payload
    const pid = bytes.readUInt16BE(at + 1) & 0x1fff;
    const count = counts.get(pid) ?? { packets: 0, scrambled: 0 };
    count.packets++;
    if ((control & 0xc0) !== 0) count.scrambled++;
    counts.set(pid, count);
  }
  return new Set([...counts].flatMap(([pid, { packets, scrambled }]) => (scrambled * 2 > packets ? [pid] : [])));
}

/** PIDs that are scrambled. Errors: those of the file system. */
export async function scrambledInTs(path: string): Promise<Set<number>> {
  const file = await openRandomAccess(path);
  try {
    const bytes = Buffer.alloc(LOOK_AT_BYTES);
    const { bytesRead } = await file.read(bytes, 0, LOOK_AT_BYTES, 0);
    return scrambledPids(bytes.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}
