// A tiny editor of MPEG transport streams: clocks of PES headers and PCR, lost packets, streams that the PMT alone knows
// (ISO/IEC 13818-1).

const PACKET = 188;
const WRAP = 2 ** 33;
/** stream_type of MPEG-1, MPEG-2, MPEG-4, H.264 and HEVC video. */
const VIDEO_TYPES = new Set([0x01, 0x02, 0x10, 0x1b, 0x24]);

interface Packet {
  readonly at: number;
  readonly pid: number;
  readonly isStart: boolean;
  /** Where the payload begins; null: there is none. */
  readonly payload: number | null;
  /** Where the six bytes of the PCR are; null: there is none. */
  readonly pcr: number | null;
}

function packetsOf(bytes: Uint8Array): Packet[] {
  const packets: Packet[] = [];
  for (let at = 0; at + PACKET <= bytes.length; at += PACKET) {
    const byte = (offset: number) => bytes[at + offset] ?? 0;
    const control = byte(3) >> 4;
    const adaptation = (control & 2) !== 0 ? 1 + byte(4) : 0;
    const hasPcr = adaptation > 1 && (byte(5) & 0x10) !== 0;
    packets.push({
      at,
      pid: ((byte(1) & 0x1f) << 8) | byte(2),
      isStart: (byte(1) & 0x40) !== 0,
      payload: (control & 1) !== 0 ? at + 4 + adaptation : null,
      pcr: hasPcr ? at + 6 : null,
    });
  }
  return packets;
}

function isPes(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0 && bytes[at + 1] === 0 && bytes[at + 2] === 1;
}

function readStamp(bytes: Uint8Array, at: number): number {
  const byte = (offset: number) => bytes[at + offset] ?? 0;
  return (
    ((byte(0) >> 1) & 7) * 2 ** 30 + byte(1) * 2 ** 22 + (byte(2) >> 1) * 2 ** 15 + byte(3) * 2 ** 7 + (byte(4) >> 1)
  );
}

function writeStamp(bytes: Uint8Array, at: number, ticks: number): void {
  const value = ((ticks % WRAP) + WRAP) % WRAP;
  bytes[at] = ((bytes[at] ?? 0) & 0xf0) | ((Math.floor(value / 2 ** 30) & 7) << 1) | 1;
  bytes[at + 1] = Math.floor(value / 2 ** 22) & 0xff;
  bytes[at + 2] = ((Math.floor(value / 2 ** 15) & 0x7f) << 1) | 1;
  bytes[at + 3] = Math.floor(value / 2 ** 7) & 0xff;
  bytes[at + 4] = ((value & 0x7f) << 1) | 1;
}

/** Where the stamps of a PES packet lie: PTS, then DTS where there is one. */
function stampsOf(bytes: Uint8Array, pes: number): number[] {
  const flags = (bytes[pes + 7] ?? 0) >> 6;
  return flags === 3 ? [pes + 9, pes + 14] : flags === 2 ? [pes + 9] : [];
}

/** PIDs of video by the first PMT, and all elementary streams. */
function streamsOf(bytes: Uint8Array): { readonly video: ReadonlySet<number>; readonly all: ReadonlySet<number> } {
  const video = new Set<number>();
  const all = new Set<number>();
  for (const section of sectionsOf(bytes)) {
    for (let at = section.streams; at + 5 <= section.end; ) {
      const pid = (((bytes[at + 1] ?? 0) & 0x1f) << 8) | (bytes[at + 2] ?? 0);
      all.add(pid);
      if (VIDEO_TYPES.has(bytes[at] ?? 0)) video.add(pid);
      at += 5 + ((((bytes[at + 3] ?? 0) & 0x0f) << 8) | (bytes[at + 4] ?? 0));
    }
  }
  return { video, all };
}

interface Section {
  readonly start: number;
  /** Where the list of streams begins, and where it ends (the CRC follows). */
  readonly streams: number;
  readonly end: number;
  readonly packetEnd: number;
}

/** Each PMT (table_id 2) that lies in one packet. */
function sectionsOf(bytes: Uint8Array): Section[] {
  return packetsOf(bytes).flatMap(({ at, payload, isStart }) => {
    if (payload === null || !isStart || isPes(bytes, payload)) return [];
    const start = payload + 1 + (bytes[payload] ?? 0);
    if (bytes[start] !== 2) return [];
    const length = (((bytes[start + 1] ?? 0) & 0x0f) << 8) | (bytes[start + 2] ?? 0);
    const program = (((bytes[start + 10] ?? 0) & 0x0f) << 8) | (bytes[start + 11] ?? 0);
    return [{ start, streams: start + 12 + program, end: start + 3 + length - 4, packetEnd: at + PACKET }];
  });
}

export type Which = "all" | "video" | "sound";

/** Each clock as `change` makes it of ticks of 1/90000 s since the first; the PCR goes with "all" and "video". */
export function changeClocks(bytes: Uint8Array, which: Which, change: (ticks: number) => number): Uint8Array {
  const out = bytes.slice();
  const { video, all } = streamsOf(bytes);
  const isMeant = (pid: number) => all.has(pid) && (which === "all" || video.has(pid) === (which === "video"));
  let first: number | null = null;
  for (const { pid, isStart, payload, pcr } of packetsOf(bytes)) {
    if (payload !== null && isStart && isPes(bytes, payload) && all.has(pid)) {
      const stamps = stampsOf(bytes, payload);
      const times = stamps.map((at) => readStamp(bytes, at));
      const dts = times.at(-1);
      if (dts === undefined) continue;
      first ??= dts;
      const by = change(dts - first) - (dts - first);
      if (isMeant(pid)) for (const [number, at] of stamps.entries()) writeStamp(out, at, (times[number] ?? 0) + by);
    }
    if (pcr !== null && which !== "sound") movePcr(out, pcr, first, change);
  }
  return out;
}

function movePcr(out: Uint8Array, at: number, first: number | null, change: (ticks: number) => number): void {
  const byte = (offset: number) => out[at + offset] ?? 0;
  const base = byte(0) * 2 ** 25 + byte(1) * 2 ** 17 + byte(2) * 2 ** 9 + byte(3) * 2 + (byte(4) >> 7);
  const since = base - (first ?? base);
  const value = (((base + change(since) - since) % WRAP) + WRAP) % WRAP;
  out[at] = Math.floor(value / 2 ** 25) & 0xff;
  out[at + 1] = Math.floor(value / 2 ** 17) & 0xff;
  out[at + 2] = Math.floor(value / 2 ** 9) & 0xff;
  out[at + 3] = Math.floor(value / 2) & 0xff;
  out[at + 4] = ((value & 1) << 7) | (byte(4) & 0x7f);
}

/** The PES headers of the video, one after the other. */
function videoPes(bytes: Uint8Array): number[] {
  const { video } = streamsOf(bytes);
  return packetsOf(bytes).flatMap(({ pid, isStart, payload }) =>
    payload !== null && isStart && video.has(pid) && isPes(bytes, payload) ? [payload] : [],
  );
}

/** Every so manyth picture says no time: its stamps become stuffing. The first keeps its own. */
export function dropStamps(bytes: Uint8Array, every: number): Uint8Array {
  const out = bytes.slice();
  for (const [number, pes] of videoPes(bytes).entries()) {
    if (number === 0 || number % every !== 0) continue;
    for (const at of stampsOf(bytes, pes)) out.fill(0xff, at, at + 5);
    out[pes + 7] = (out[pes + 7] ?? 0) & 0x3f;
  }
  return out;
}

/** Every PTS of the video becomes its DTS. */
export function stampsInDecodingOrder(bytes: Uint8Array): Uint8Array {
  const out = bytes.slice();
  for (const pes of videoPes(bytes)) {
    const [pts, dts] = stampsOf(bytes, pes);
    if (pts !== undefined && dts !== undefined) writeStamp(out, pts, readStamp(bytes, dts));
  }
  return out;
}

/** The picture at a share of the film gets the stamps of the one before it in the file. */
export function repeatStamp(bytes: Uint8Array, at: number): Uint8Array {
  const out = bytes.slice();
  const all = videoPes(bytes);
  const number = Math.max(1, Math.floor(all.length * at));
  const [before, pes] = [all[number - 1], all[number]];
  if (before === undefined || pes === undefined) return out;
  const [from, to] = [stampsOf(bytes, before)[0], stampsOf(bytes, pes)[0]];
  if (from !== undefined && to !== undefined) writeStamp(out, to, readStamp(bytes, from));
  return out;
}

/** One packet of the elementary streams in so many is lost, beyond the first second's worth of them. */
export function losePackets(bytes: Uint8Array, every: number): Uint8Array {
  const { all } = streamsOf(bytes);
  let count = 0;
  const kept = packetsOf(bytes).filter(({ pid, at }) => {
    if (!all.has(pid) || at < bytes.length / 4) return true;
    count += 1;
    return count % every !== 0;
  });
  return Buffer.concat(kept.map(({ at }) => bytes.subarray(at, at + PACKET)));
}

/** CRC of ISO/IEC 13818-1 annex A. */
function crcOf(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit -= 1) {
      const isSet = ((crc >>> 31) ^ ((byte >> bit) & 1)) === 1;
      crc = (crc << 1) >>> 0;
      if (isSet) crc = (crc ^ 0x04c1_1db7) >>> 0;
    }
  }
  return crc >>> 0;
}

/** Each PMT names one more stream, of a type that nobody knows. */
export function announceUnknown(bytes: Uint8Array): Uint8Array {
  const out = bytes.slice();
  for (const { start, end, packetEnd } of sectionsOf(bytes)) {
    if (end + 9 > packetEnd) continue;
    const length = end - start - 3 + 4 + 5;
    out[start + 1] = ((out[start + 1] ?? 0) & 0xf0) | (length >> 8);
    out[start + 2] = length & 0xff;
    out.set([0x9f, 0xe0 | 0x1e, 0x77, 0xf0, 0x00], end);
    new DataView(out.buffer).setUint32(end + 5, crcOf(out.subarray(start, end + 5)));
  }
  return out;
}
