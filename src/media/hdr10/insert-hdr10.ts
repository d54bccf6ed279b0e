// HDR10 metadata in a finished segment: inserts it into every key frame that lacks it, and counts those. Encoders
// differ in what they accept, and versions of ffmpeg in what they pass on (docs/ENCODERS.md); this works for all.
import { open } from "node:fs/promises";
import { removeTree } from "../../base/files.ts";
import { succeeded } from "../../base/process/run-process.ts";
import { renameWhenFree } from "../../base/windows/busy-files.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { lastWords } from "../ffmpeg/stderr.ts";
import { fileUrl, inputGuards, QUIET } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { SourceVideo } from "../model/source.ts";
import { NutFile, type NutFrame, type NutPart } from "../nut/nut-file.ts";
import { FRAME_FLAGS } from "../nut/nut-headers.ts";
import { frameBytes, refuseUnwritable } from "../nut/write-frame.ts";
import { keptHdr } from "../request/args/source-params.ts";
import { codecOfEncoder } from "../request/tables/encoders.ts";
import { type Hdr10Codec, hdr10CodecOf, type StaticHdr } from "./hdr10-messages.ts";
import { withHdr10 } from "./hdr10-packets.ts";

/** The metadata that a segment's key frames must carry. */
export interface RequiredHdr10 {
  readonly codec: Hdr10Codec;
  readonly hdr: StaticHdr;
}

/** Null: the source has none that still applies, or the codec can't carry it. */
export function requiredHdr10(video: SourceVideo, request: EncodeRequest): RequiredHdr10 | null {
  const hdr = keptHdr(video, request);
  const codec = hdr10CodecOf(codecOfEncoder(request.video.encoder));
  return hdr === null || codec === null ? null : { codec, hdr };
}

/** The parts of the file. Errors: a part that can't be rewritten with more data. */
async function* partsOf(nut: NutFile, signal?: AbortSignal): AsyncGenerator<NutPart> {
  for (let part = await nut.next(); part !== null; part = await nut.next()) {
    signal?.throwIfAborted();
    if (part.kind !== "opening") refuseUnwritable(part, nut.main);
    yield part;
  }
}

function isKeyFrame(part: NutPart): part is NutFrame {
  return part.kind === "frame" && (part.flags & FRAME_FLAGS.key) !== 0;
}

/** Counts the key frames of a segment file, and those that lack metadata. */
export async function countHdr10(path: string, { codec, hdr }: RequiredHdr10, signal?: AbortSignal) {
  await using handle = await open(path, "r");
  const nut = await NutFile.of(handle);
  let [keys, lacking] = [0, 0];
  for await (const part of partsOf(nut, signal)) {
    if (!isKeyFrame(part)) continue;
    keys += 1;
    if (withHdr10(codec, await nut.dataOf(part), hdr) !== null) lacking += 1;
  }
  return { keys, lacking };
}

async function writeWithHdr10(path: string, target: string, { codec, hdr }: RequiredHdr10, signal?: AbortSignal) {
  await using handle = await open(path, "r");
  await using out = await open(target, "w");
  const nut = await NutFile.of(handle);
  const completed = async (frame: NutFrame) => {
    const data = withHdr10(codec, await nut.dataOf(frame), hdr);
    return data === null ? null : frameBytes(nut.main, nut.stream, frame, data);
  };
  for await (const part of partsOf(nut, signal)) {
    if (part.kind === "index") break;
    const changed = isKeyFrame(part) ? await completed(part) : null;
    await out.writeFile(changed ?? (await nut.bytesOf(part)));
  }
}

/**
 * Adds the missing metadata to every key frame of a NUT segment; a complete segment stays unchanged. ffmpeg then
 * rewrites the file to give it the index that seeking needs. Returns the problem, or null.
 */
export async function insertHdr10(
  tools: Tools,
  path: string,
  required: RequiredHdr10,
  signal?: AbortSignal,
): Promise<string | null> {
  const partial = `${path}.partial`;
  const whole = `${path}.whole`;
  try {
    if ((await countHdr10(path, required, signal)).lacking === 0) return null;
    await writeWithHdr10(path, partial, required, signal);
    const result = await runTool({
      tools,
      program: "ffmpeg",
      reads: [partial],
      writes: [whole],
      args: [
        ...QUIET,
        ...["-copyts", ...inputGuards({ formats: "nut", kind: "file" })],
        ...["-f", "nut", "-i", fileUrl(partial), "-map", "0", "-c", "copy", "-map_metadata", "-1"],
        ...["-avoid_negative_ts", "disabled", "-f", "nut", "-y", fileUrl(whole)],
      ],
      signal,
    });
    if (!succeeded(result)) return `HDR10 metadata could not be put in: ${lastWords(result.stderrTail)}`;
    await renameWhenFree(whole, path);
    return null;
  } catch (thrown) {
    signal?.throwIfAborted();
    return `HDR10 metadata could not be put in: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  } finally {
    await removeTree(partial);
    await removeTree(whole);
  }
}
