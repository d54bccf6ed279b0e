// HDR10 metadata in a finished segment: every key frame that lacks it gets it, and whether every key frame has it.
// Encoders differ in what they can be told, and versions of ffmpeg in what they pass on (docs/ENCODERS.md); this holds for all.
import { open, rename } from "node:fs/promises";
import { removeTree } from "../../base/files.ts";
import { succeeded } from "../../base/process/run-process.ts";
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
import { type LightCodec, lightCodecOf, type StaticHdr } from "./hdr10-messages.ts";
import { withLight } from "./hdr10-packets.ts";

/** What the key frames of a segment must say. */
export interface LightPlan {
  readonly codec: LightCodec;
  readonly hdr: StaticHdr;
}

/** Null: the source says nothing that still holds, or the codec has no place for it. */
export function lightPlan(video: SourceVideo, request: EncodeRequest): LightPlan | null {
  const hdr = keptHdr(video, request);
  const codec = lightCodecOf(codecOfEncoder(request.video.encoder));
  return hdr === null || codec === null ? null : { codec, hdr };
}

/** What the file holds, part by part. Errors: what could not be written anew with more in it. */
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

/** Key frames of a segment file, and how many of them lack something. */
export async function countLight(path: string, { codec, hdr }: LightPlan, signal?: AbortSignal) {
  await using handle = await open(path, "r");
  const nut = await NutFile.of(handle);
  let [keys, lacking] = [0, 0];
  for await (const part of partsOf(nut, signal)) {
    if (!isKeyFrame(part)) continue;
    keys += 1;
    if (withLight(codec, await nut.dataOf(part), hdr) !== null) lacking += 1;
  }
  return { keys, lacking };
}

async function writeWithLight(path: string, target: string, { codec, hdr }: LightPlan, signal?: AbortSignal) {
  await using handle = await open(path, "r");
  await using out = await open(target, "w");
  const nut = await NutFile.of(handle);
  const told = async (frame: NutFrame) => {
    const data = withLight(codec, await nut.dataOf(frame), hdr);
    return data === null ? null : frameBytes(nut.main, nut.stream, frame, data);
  };
  for await (const part of partsOf(nut, signal)) {
    if (part.kind === "index") break;
    const anew = isKeyFrame(part) ? await told(part) : null;
    await out.writeFile(anew ?? (await nut.bytesOf(part)));
  }
}

/**
 * Gives every key frame of a NUT segment the metadata that it lacks; a segment that has it all is left as it is. ffmpeg
 * then writes the file anew, with the index that seeking in it needs. Answers what went wrong, or null.
 */
export async function addLight(
  tools: Tools,
  path: string,
  plan: LightPlan,
  signal?: AbortSignal,
): Promise<string | null> {
  const told = `${path}.told`;
  const whole = `${path}.whole`;
  try {
    if ((await countLight(path, plan, signal)).lacking === 0) return null;
    await writeWithLight(path, told, plan, signal);
    const result = await runTool({
      program: tools.ffmpeg,
      args: [
        ...QUIET,
        ...["-copyts", ...inputGuards({ formats: "nut", kind: "file" })],
        ...["-f", "nut", "-i", fileUrl(told), "-map", "0", "-c", "copy", "-map_metadata", "-1"],
        ...["-avoid_negative_ts", "disabled", "-f", "nut", "-y", fileUrl(whole)],
      ],
      signal,
    });
    if (!succeeded(result)) return `HDR10 metadata could not be put in: ${lastWords(result.stderrTail)}`;
    await rename(whole, path);
    return null;
  } catch (thrown) {
    signal?.throwIfAborted();
    return `HDR10 metadata could not be put in: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  } finally {
    await removeTree(told);
    await removeTree(whole);
  }
}
