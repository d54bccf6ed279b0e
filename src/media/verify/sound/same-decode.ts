// Whether ffmpeg decodes a track of the source alike each time. Some decoders don't: ffmpeg 7 gives other samples at each
// run for AAC whose layout changes in the middle without a word, and what is measured on them says nothing.
import type { Tools } from "../../ffmpeg/tools.ts";
import { type AudioTrackFile, type DecodedSound, decodeSound } from "./decode-sound.ts";

export const DECODED_OTHERWISE = "ffmpeg decodes the source's sound otherwise each time";

/** Decodes the beginning of the track once more. `before`: what an earlier decode gave. */
export async function isDecodedAlike(
  tools: Tools,
  track: AudioTrackFile,
  before: DecodedSound,
  workDir: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const again = await decodeSound(tools, track, workDir, { signal });
  return again !== null && Buffer.compare(bytesOf(before), bytesOf(again)) === 0;
}

function bytesOf({ samples }: DecodedSound): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}
