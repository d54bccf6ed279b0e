// Writes the packets of an elementary stream with their times into IVF: 32 bytes of header, then length, time and bytes
// of each packet. An intermediate step to a container that can be sought.
import { open } from "node:fs/promises";
import { openRandomAccess } from "../../base/network/served-file.ts";
import type { Rational } from "../../base/rational.ts";
import type { ElementaryPacket } from "./elementary.ts";

/** By ffprobe's codec name, as ffmpeg's IVF demuxer reads them. */
const FOUR_CC: Readonly<Record<string, string>> = {
  h264: "H264",
  hevc: "H265",
  av1: "AV01",
  mpeg1video: "mpg1",
  mpeg2video: "mpg2",
  mjpeg: "MJPG",
};

export const IVF_HEADER_BYTES = 32;
export const IVF_PACKET_BYTES = 12;

export function fitsIvf(codec: string): boolean {
  return FOUR_CC[codec] !== undefined;
}

export interface IvfVideo {
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  readonly timeBase: Rational;
}

export function ivfHeader(video: IvfVideo, packets: number): Buffer {
  const header = Buffer.alloc(IVF_HEADER_BYTES);
  header.write("DKIF", 0, "latin1");
  header.writeUInt16LE(IVF_HEADER_BYTES, 6);
  header.write(FOUR_CC[video.codec] ?? "", 8, "latin1");
  header.writeUInt16LE(video.width, 12);
  header.writeUInt16LE(video.height, 14);
  header.writeUInt32LE(video.timeBase.den, 16);
  header.writeUInt32LE(video.timeBase.num, 20);
  header.writeUInt32LE(packets, 24);
  return header;
}

function packetHeader({ bytes, pts }: ElementaryPacket): Buffer {
  const header = Buffer.alloc(IVF_PACKET_BYTES);
  header.writeUInt32LE(bytes, 0);
  header.writeBigInt64LE(BigInt(pts), 4);
  return header;
}

/** Errors: what the file system says; a source that is shorter than its packets. */
export async function writeIvf(
  sourcePath: string,
  ivfPath: string,
  video: IvfVideo,
  packets: readonly ElementaryPacket[],
  signal: AbortSignal,
): Promise<void> {
  const source = await openRandomAccess(sourcePath);
  try {
    const target = await open(ivfPath, "wx");
    try {
      await target.writeFile(ivfHeader(video, packets.length));
      for (const packet of packets) {
        signal.throwIfAborted();
        const bytes = Buffer.alloc(packet.bytes);
        const { bytesRead } = await source.read(bytes, 0, packet.bytes, packet.start);
        if (bytesRead !== packet.bytes)
          throw new Error(`${sourcePath} ends before byte ${packet.start + packet.bytes}`);
        await target.writeFile(Buffer.concat([packetHeader(packet), bytes]));
      }
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}
