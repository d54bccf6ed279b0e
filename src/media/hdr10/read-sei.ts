// Reads HDR10 metadata of an H.264 file from its SEI messages, for versions of ffprobe that do not show them. ffmpeg
// extracts the units from the finished file, so this reads what players get.
import { readFile } from "node:fs/promises";
import { removeTree, tempNameFor } from "../../base/files.ts";
import { succeeded } from "../../base/process/run-process.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { fileUrl, inputGuards, QUIET } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { HdrMetadata, MasteringDisplay } from "../model/source.ts";
import { SEI_TYPES, type StaticHdr } from "./hdr10-messages.ts";
import { nextStartCode, seiMessages } from "./hdr10-packets.ts";

const TIMEOUT_MS = 60_000;
const DISPLAY_BYTES = 24;
const LEVEL_BYTES = 4;

function displayOf(payload: Uint8Array): MasteringDisplay | null {
  if (payload.length < DISPLAY_BYTES) return null;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const point = (index: number) => ({ x: view.getUint16(index * 4), y: view.getUint16(index * 4 + 2) });
  return {
    green: point(0),
    blue: point(1),
    red: point(2),
    whitePoint: point(3),
    maxLuminance: view.getUint32(16),
    minLuminance: view.getUint32(20),
  };
}

function levelsOf(payload: Uint8Array): HdrMetadata["contentLight"] {
  if (payload.length < LEVEL_BYTES) return null;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  return { max: view.getUint16(0), average: view.getUint16(2) };
}

/** Pure: the first message of each kind in a byte stream of H.264 SEI units. */
export function hdr10InSei(stream: Uint8Array): StaticHdr {
  let masteringDisplay: MasteringDisplay | null = null;
  let contentLight: HdrMetadata["contentLight"] = null;
  for (let start = nextStartCode(stream, 0); start < stream.length; ) {
    const end = nextStartCode(stream, start + 3);
    for (const { type, payload } of seiMessages(stream.subarray(start + 4, end))) {
      const kind = SEI_TYPES.get(type);
      if (kind === "masteringDisplay") masteringDisplay ??= displayOf(payload);
      if (kind === "contentLight") contentLight ??= levelsOf(payload);
    }
    start = end;
  }
  return { masteringDisplay, contentLight };
}

/** From the first packet of an H.264 video; null when it can't be read. Uses a small temporary file. */
export async function firstPacketHdr10(
  tools: Tools,
  file: { readonly path: string; readonly formats: string; readonly streamIndex: number },
  signal?: AbortSignal,
): Promise<StaticHdr | null> {
  const units = tempNameFor(`${file.path}.h264`);
  try {
    const result = await runTool({
      tools,
      program: "ffmpeg",
      reads: [file.path],
      writes: [units],
      args: [
        ...QUIET,
        ...inputGuards({ formats: file.formats, kind: "file" }),
        ...["-i", fileUrl(file.path), "-map", `0:${file.streamIndex}`, "-c", "copy", "-frames:v", "1"],
        ...["-bsf:v", "h264_mp4toannexb,filter_units=pass_types=6", "-f", "h264", "-y", fileUrl(units)],
      ],
      signal,
      timeoutMs: TIMEOUT_MS,
    });
    return succeeded(result) ? hdr10InSei(await readFile(units)) : null;
  } finally {
    await removeTree(units);
  }
}
