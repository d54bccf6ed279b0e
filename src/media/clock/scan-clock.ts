// A quick scan of the clocks of a transport or program stream in this process: reads the headers of its PES packets at
// the speed of the disk and reports whether any clock may go back or leap. It may suspect too much but never too
// little; ffprobe, which reads every packet, gives the exact answer.
import { openRandomAccess } from "../../base/network/served-file.ts";
import { restartsClock } from "../ffmpeg/formats.ts";

/** Of a clock of 90 kHz. A hundredth of a second back, and a second less than what counts as a leap. */
const BACK_TICKS = 900;
const LEAP_TICKS = 9 * 90_000;
const WRAP = 2 ** 33;
const SYNC = 0x47;
/** Plain packets, and those of Blu-ray and AVCHD with four bytes more. */
const PACKET_SIZES = [188, 192] as const;
const CHUNK_BYTES = 4 * 1024 * 1024;
/** The longest PES packet header up to its times, and the part of the transport packet before it. */
const HEADER_BYTES = 19;

/** From one time to another, the shorter way round. */
function stepOf(from: number, to: number): number {
  return ((((to - from) % WRAP) + WRAP + WRAP / 2) % WRAP) - WRAP / 2;
}

/**
 * Sound of a private stream comes at least this often; so many packets in a row that do are no subtitles, which pause for
 * any time.
 */
const SOUND_TICKS = 90_000;
const SOUND_PACKETS = 8;

/**
 * Whether the clock ran over on the way, by a short step. A reader may take that for a leap: libavformat counts from the
 * first packet that it sees, and leaves a stream that began before that on the other side.
 */
function hasWrapped(from: number, to: number): boolean {
  return Math.abs(to - from) > WRAP / 2;
}

/** Keeps the last time of each elementary stream, in ticks, and checks the next one. */
class Clocks {
  readonly #last = new Map<number, number>();
  /** Packets in a row, up to the last one, that came as often as sound does. */
  readonly #often = new Map<number, number>();
  #latest: number | null = null;

  /** Whether this time goes back, leaps, runs over, or begins far from the previous one. `mayPause`: may hold subtitles. */
  isOdd(stream: number, ticks: number, mayPause: boolean): boolean {
    const last = this.#last.get(stream);
    const latest = this.#latest;
    this.#last.set(stream, ticks);
    this.#latest = ticks;
    // Subtitles begin late, but no further from what stands before them in the file than other streams.
    if (latest !== null && hasWrapped(latest, ticks)) return true;
    if (last === undefined) return latest !== null && Math.abs(stepOf(latest, ticks)) > LEAP_TICKS;
    const step = stepOf(last, ticks);
    const often = this.#often.get(stream) ?? 0;
    this.#often.set(stream, Math.abs(step) < SOUND_TICKS ? often + 1 : 0);
    return step < -BACK_TICKS || (step > LEAP_TICKS && (!mayPause || often >= SOUND_PACKETS));
  }
}

/** 33 bits in five bytes (ISO/IEC 13818-1, 2.4.3.7). */
function timestamp(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = bytes.subarray(at, at + 5);
  return ((a >> 1) & 7) * 2 ** 30 + b * 2 ** 22 + (c >> 1) * 2 ** 15 + d * 2 ** 7 + (e >> 1);
}

/** The decoding time of the PES packet that begins at `at` (its start code), else when it is shown; null: it says none. */
export function pesTime(bytes: Uint8Array, at: number): number | null {
  if (((bytes[at + 6] ?? 0) & 0xc0) !== 0x80) return mpeg1Time(bytes, at);
  const flags = (bytes[at + 7] ?? 0) >> 6;
  if (flags === 3) return timestamp(bytes, at + 14);
  return flags === 2 ? timestamp(bytes, at + 9) : null;
}

/** Headers of ISO/IEC 11172-1: stuffing, a buffer size, times. */
function mpeg1Time(bytes: Uint8Array, at: number): number | null {
  let from = at + 6;
  for (let stuffing = 0; stuffing < 16 && bytes[from] === 0xff; stuffing += 1) from += 1;
  if (((bytes[from] ?? 0) & 0xc0) === 0x40) from += 2;
  const kind = (bytes[from] ?? 0) >> 4;
  if (kind === 3) return timestamp(bytes, from + 5);
  return kind === 2 ? timestamp(bytes, from) : null;
}

function isStartCode(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0 && bytes[at + 1] === 0 && bytes[at + 2] === 1;
}

function isSound(id: number): boolean {
  return id >= 0xc0 && id < 0xe0;
}

function isPicture(id: number): boolean {
  return id >= 0xe0 && id < 0xf0;
}

/** Private streams hold sound of other kinds, and subtitles. */
function isPrivate(id: number): boolean {
  return id === 0xbd || id === 0xfd;
}

interface Scanned {
  /** Bytes from here on need the next chunk. */
  readonly next: number;
  readonly isOdd: boolean;
}

function isOddPes(bytes: Uint8Array, at: number, stream: number, clocks: Clocks): boolean {
  const id = bytes[at + 3] ?? 0;
  if (!isSound(id) && !isPicture(id) && !isPrivate(id)) return false;
  const ticks = pesTime(bytes, at);
  return ticks !== null && clocks.isOdd(stream, ticks, isPrivate(id));
}

/** `size`: of a packet; `from`: of the first one's sync byte. */
function scanTransport(bytes: Uint8Array, from: number, size: number, clocks: Clocks): Scanned {
  let at = from;
  while (at + size <= bytes.length) {
    if (bytes[at] !== SYNC) {
      at += 1;
      continue;
    }
    const second = bytes[at + 1] ?? 0;
    const control = bytes[at + 3] ?? 0;
    if ((second & 0x40) !== 0 && (control & 0x10) !== 0) {
      const payload = at + 4 + ((control & 0x20) === 0 ? 0 : 1 + (bytes[at + 4] ?? 0));
      const stream = ((second & 0x1f) << 8) | (bytes[at + 2] ?? 0);
      const fits = payload + HEADER_BYTES <= at + 188;
      if (fits && isStartCode(bytes, payload) && isOddPes(bytes, payload, stream, clocks))
        return { next: at, isOdd: true };
    }
    at += size;
  }
  return { next: at, isOdd: false };
}

function scanProgram(bytes: Uint8Array, from: number, clocks: Clocks): Scanned {
  let at = from;
  while (at + 2 * HEADER_BYTES <= bytes.length) {
    const id = bytes[at + 3] ?? 0;
    // Codes below 0xb9 belong to the video: a packet was lost.
    if (!isStartCode(bytes, at) || id < 0xb9) at += 1;
    else if (id === 0xb9) at += 4;
    else if (id === 0xba) at += ((bytes[at + 4] ?? 0) & 0xc0) === 0x40 ? 14 + ((bytes[at + 13] ?? 0) & 7) : 12;
    else {
      // Private streams of DVDs share an id: they say which they are in their first byte.
      const isOne = !isPrivate(id);
      if (isOne && isOddPes(bytes, at, id, clocks)) return { next: at, isOdd: true };
      at += 6 + (((bytes[at + 4] ?? 0) << 8) | (bytes[at + 5] ?? 0));
    }
  }
  return { next: at, isOdd: false };
}

/** Position of the first sync byte, and the packet length; null: this is not a transport stream. */
function findPackets(bytes: Uint8Array): { readonly from: number; readonly size: number } | null {
  for (let from = 0; from < 4 * 192; from += 1) {
    const size = PACKET_SIZES.find((each) => [0, 1, 2, 3].every((place) => bytes[from + place * each] === SYNC));
    if (size !== undefined) return { from, size };
  }
  return null;
}

/**
 * Whether any clock in the file may go back or leap. Of formats whose clock may restart "mpegts" and "mpeg" are
 * scanned; the others (Ogg) always may.
 */
export async function mayBreakClock(path: string, formatName: string, signal?: AbortSignal): Promise<boolean> {
  const isTransport = formatName === "mpegts";
  if (!isTransport && formatName !== "mpeg") return restartsClock(formatName);
  await using handle = await openRandomAccess(path);
  const clocks = new Clocks();
  const buffer = new Uint8Array(CHUNK_BYTES);
  let kept = 0;
  let position = 0;
  let packets: ReturnType<typeof findPackets> = null;
  let skip = 0;
  for (;;) {
    signal?.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, kept, CHUNK_BYTES - kept, position);
    if (bytesRead === 0) return false;
    position += bytesRead;
    const bytes = buffer.subarray(0, kept + bytesRead);
    const from = Math.min(skip, bytes.length);
    if (isTransport && packets === null) {
      packets = findPackets(bytes);
      if (packets === null) return true;
    }
    const { next, isOdd } =
      packets === null
        ? scanProgram(bytes, from, clocks)
        : scanTransport(bytes, position === bytesRead ? packets.from : from, packets.size, clocks);
    if (isOdd) return true;
    // A packet may reach beyond what is read, and so may the way to the next one.
    const rest = Math.min(next, bytes.length);
    skip = next - rest;
    kept = bytes.length - rest;
    buffer.copyWithin(0, rest, bytes.length);
  }
}
