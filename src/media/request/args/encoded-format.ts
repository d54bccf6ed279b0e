// Which pixel format an encoder is given, and which names stand for one format. Pure.

import type { EncodeRequest } from "../../model/encode-request.ts";
import type { SourceVideo } from "../../model/source.ts";
import { askedPixelFormat } from "./picture-changes.ts";

/** As far as it is known before anything is encoded. */
export function encodedFormat(video: Pick<SourceVideo, "pixelFormat">, request: EncodeRequest): string {
  return request.video.pixelFormat ?? request.video.encodedFormat ?? askedPixelFormat(request) ?? video.pixelFormat;
}

/** A yuvj format is the yuv one that says full range by its name; "yuv420p10" is "yuv420p10le" on all machines here. */
export function plainName(pixelFormat: string): string {
  return pixelFormat.replace(/^yuvj/, "yuv").replace(/^((?:yuva?\d{3}p|gbra?p|gray|p0)\d{1,2})$/, "$1le");
}

/** Whether two names of pixel formats stand for one. */
export function isSameFormat(one: string, other: string): boolean {
  return plainName(one) === plainName(other);
}
