// What of the pictures' samples one pixel format lacks that another one has. Pure.
import type { EncodeRequest } from "../../../model/encode-request.ts";
import type { SourceVideo } from "../../../model/source.ts";
import { plainName } from "../../../request/args/encoded-format.ts";
import { askedPixelFormat } from "../../../request/args/picture-changes.ts";
import { comparedFormat, type RawFormat } from "./raw-format.ts";

function chromaOf({ planes }: RawFormat): { log2Width: number; log2Height: number } {
  return planes[1] ?? { log2Width: 0, log2Height: 0 };
}

/** Whether `made` has fewer bits a sample than `asked`, or chroma of fewer samples. */
export function losesSamples(asked: string, made: string): boolean {
  const [from, to] = [comparedFormat(plainName(asked)), comparedFormat(plainName(made))];
  if (from === null || to === null) return false;
  const [before, after] = [chromaOf(from), chromaOf(to)];
  return losesDepth(asked, made) || after.log2Width > before.log2Width || after.log2Height > before.log2Height;
}

export function losesDepth(asked: string, made: string): boolean {
  const [from, to] = [comparedFormat(plainName(asked)), comparedFormat(plainName(made))];
  return from !== null && to !== null && to.peak < from.peak;
}

/**
 * What ffprobe says of a stream by depth and chroma alone: alpha travels apart in VP9, and H.264 stores grey as 4:2:0.
 * Null: nobody can tell. Measured: 5.1 to 9.0, every format of every software encoder.
 */
function kindOf(pixelFormat: string): string | null {
  const name = comparedFormat(plainName(pixelFormat))?.name ?? null;
  return name === null
    ? null
    : name
        .replace(/^yuva/, "yuv")
        .replace(/^gbrap/, "gbrp")
        .replace(/^gray/, "yuv420p");
}

/** In words, where an encoder was to be given `planned` and its stream holds something else. */
export function otherFormat(encoder: string, planned: string, found: string): string | null {
  const [wanted, got] = [kindOf(planned), kindOf(found)];
  if (wanted === null || got === null || wanted === got) return null;
  // ProRes 4444 of ten bits is decoded to twelve.
  if (encoder.startsWith("prores") && losesSamples(found, planned) && !losesSamples(planned, found)) return null;
  return `its pixel format is ${found} where ${planned} is planned`;
}

/** For the proof: how the source's depth changes without a request for it. */
export function lostDepth(video: Pick<SourceVideo, "pixelFormat">, request: EncodeRequest): string[] {
  const { encoder, encodedFormat } = request.video;
  const from = askedPixelFormat(request) ?? video.pixelFormat;
  if (encodedFormat === undefined || !losesDepth(from, encodedFormat)) return [];
  return [`depth: the ${encoder} here takes no ${from}, the output is ${encodedFormat}, as plain ffmpeg makes it`];
}
