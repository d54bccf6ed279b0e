// Rewrites a frame of a NUT file for a packet that has become longer. Pure.

import { type NutFrame, type NutPart, STARTCODES } from "./nut-file.ts";
import { FRAME_FLAGS, type FrameCode, type NutMain, type NutStream } from "./nut-headers.ts";
import { NutError, numberBytes } from "./nut-numbers.ts";

const POLYNOMIAL = 0x04c1_1db7;

/** Generator 0x104C11DB7, starting with 0, the highest bit first (nut.txt, "checksum"). */
function checksum(bytes: Iterable<number>): number[] {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit += 1) crc = crc < 0 ? (crc << 1) ^ POLYNOMIAL : crc << 1;
  }
  return [(crc >>> 24) & 0xff, (crc >>> 16) & 0xff, (crc >>> 8) & 0xff, crc & 0xff];
}

/** Errors: a part that `frameBytes` could not replace. It only writes for a single stream and time base. */
export function refuseUnwritable(part: NutPart, { version, streams, timeBases }: NutMain): void {
  // Version 4 may attach side data to a packet.
  if (version !== 3) throw new NutError(`a segment is in version ${version} of NUT`);
  if (streams !== 1 || timeBases.length !== 1) throw new NutError("a segment holds more than one stream");
  if (part.kind === "frame" && part.flags & FRAME_FLAGS.sideData)
    throw new NutError("a NUT frame has data beside its packet");
}

/** A code by which a frame may say everything itself. */
function freeCode(codes: readonly FrameCode[]): readonly [number, FrameCode] {
  for (const [number, code] of codes.entries()) {
    const isFree = (code.flags & FRAME_FLAGS.coded) !== 0 && (code.flags & FRAME_FLAGS.invalid) === 0;
    if (isFree && code.sizeMul === 1 && code.sizeLsb === 0 && code.reserved === 0) return [number, code];
  }
  throw new NutError("a NUT file has no code for a frame of any size");
}

/** The frame with another packet, followed by a syncpoint because the rest of the file has moved. */
export function frameBytes(
  main: NutMain,
  { msbPtsShift }: NutStream,
  frame: Pick<NutFrame, "flags" | "pts">,
  data: Uint8Array,
): Uint8Array {
  const [number, code] = freeCode(main.frameCodes);
  const { key, streamId, codedPts, sizeMsb, checksum: checked, headerIndex } = FRAME_FLAGS;
  const flags = (frame.flags & key) | streamId | codedPts | sizeMsb | headerIndex | checked;
  const head = [
    number,
    ...numberBytes((code.flags & ~FRAME_FLAGS.coded) ^ flags),
    ...numberBytes(0),
    ...numberBytes(frame.pts + 2 ** msbPtsShift),
    ...numberBytes(data.length),
    ...numberBytes(0),
  ];
  return Buffer.concat([Uint8Array.from([...head, ...checksum(head)]), data, syncpoint(frame.pts)]);
}

/** Readers give up on a frame too far behind the last syncpoint (max_distance). */
function syncpoint(pts: number): Uint8Array {
  const startcode = Buffer.alloc(8);
  startcode.writeBigUInt64BE(STARTCODES.syncpoint);
  const payload = [...numberBytes(pts), ...numberBytes(0)];
  const checked = [...payload, ...checksum(payload)];
  return Buffer.concat([startcode, Uint8Array.from([...numberBytes(checked.length), ...checked])]);
}
