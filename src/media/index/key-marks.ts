// Whether the packets that a container marks as key frames are intra pictures. Containers can be wrong: an MP4 without
// a table of sync samples marks every packet. Groups only begin at intra pictures, since decoding can't begin
// elsewhere.
import { closeSync, openSync, readSync } from "node:fs";
import { knowsPayload, payloadOffset } from "./payload-start.ts";
import { knowsPictures, type PictureKind, pictureKind } from "./picture-kind.ts";

/** Large enough for the headers and SEI messages before the first slice. */
const LOOK_BYTES = 4096;

/**
 * Codecs with prediction whose marks only come from the container. For H.264, VP8, VP9, AV1 and VC-1, ffmpeg's parsers
 * examine the pictures in every container (libavcodec, AVCodecParser.key_frame).
 */
const UNREAD: ReadonlySet<string> = new Set([
  ...["theora", "flv1", "h261", "h263", "h263i", "h263p", "svq1", "svq3", "vp3", "vp4", "vp5", "vp6", "vp6f", "vp7"],
  ...["msmpeg4v1", "msmpeg4v2", "msmpeg4v3", "wmv1", "wmv2", "cinepak", "rpza", "qtrle", "snow", "8bps"],
  ...["indeo3", "indeo4", "indeo5", "flashsv", "flashsv2", "zmbv", "tscc", "tscc2", "cscd", "msrle", "smc"],
  ...["rv10", "rv20", "rv30", "rv40", "evc", "lcevc"],
]);

/** A packet of the video as ffprobe lists it. */
export interface MarkedPacket {
  readonly isKey: boolean;
  readonly bytePosition: number | null;
}

export class KeyMarks implements Disposable {
  /** A marked packet was no intra picture: the container's index of key frames is wrong as well. */
  areFalse = false;
  /** Why no mark can be trusted; null: they can be, or each is checked. */
  doubt: string | null = null;
  readonly #codec: string;
  readonly #formatName: string;
  readonly #file: number | null;
  readonly #buffer = Buffer.alloc(LOOK_BYTES);
  #hasBegun = false;
  #lastWasKey = false;

  constructor(path: string, formatName: string, codec: string) {
    this.#codec = codec;
    this.#formatName = formatName;
    this.#file = knowsPayload(formatName) && knowsPictures(codec) ? openSync(path, "r") : null;
  }

  /**
   * Whether decoding may begin at this packet. Every packet is checked until the first such picture, since a decoder
   * begins there whether it is marked or not. `size`: bytes of the packet.
   */
  isKey(packet: MarkedPacket, size: number): boolean {
    this.#doubtUnread(packet.isKey);
    if (this.#file === null || (this.#hasBegun && !packet.isKey)) return packet.isKey;
    const kind = this.#kindOf(packet.bytePosition, size);
    if (kind === "predicted" && packet.isKey) this.areFalse = true;
    const isKey = kind === null ? packet.isKey : kind === "intra";
    this.#hasBegun ||= isKey;
    return isKey;
  }

  #doubtUnread(isKey: boolean): void {
    if (isKey && this.#lastWasKey && UNREAD.has(this.#codec))
      this.doubt ??= `the container marks picture after picture as a key frame, which ${this.#codec} has few of`;
    this.#lastWasKey = isKey;
  }

  #kindOf(position: number | null, size: number): PictureKind {
    if (this.#file === null || position === null || !Number.isSafeInteger(size)) return null;
    const read = readSync(this.#file, this.#buffer, 0, LOOK_BYTES, position);
    const bytes = this.#buffer.subarray(0, read);
    const offset = payloadOffset(this.#formatName, bytes);
    return offset === null ? null : pictureKind(this.#codec, bytes.subarray(offset, offset + size), size);
  }

  [Symbol.dispose](): void {
    if (this.#file !== null) closeSync(this.#file);
  }
}
