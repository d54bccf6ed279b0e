// Data about the picture that the source's container states and segments lose (360° projection, stereo, HDR10):
// gathered before the stitch and written into the output's header afterwards. See
// docs/adr/0017-picture-data-in-the-header.md.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { tempNameFor } from "../../base/files.ts";
import { succeeded } from "../../base/process/run-process.ts";
import { demuxerName } from "../ffmpeg/formats.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { fileUrl, inputGuards, QUIET } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { Container, SourceInfo } from "../model/source.ts";
import type { StreamPlan } from "../plan/stream-plan.ts";
import { hdr10Mkv, hdr10Mp4 } from "./hdr10-boxes.ts";
import { changeHeader, readHeaderOf } from "./header-window.ts";
import { type MkvAdditions, mkvBytes, mkvProjection, withMkvData } from "./mkv-track.ts";
import { mp4PictureBoxes, withMp4Boxes } from "./mp4-track.ts";

export type PictureData =
  | { readonly kind: "mp4"; readonly boxes: readonly Uint8Array[] }
  | { readonly kind: "mkv"; readonly added: MkvAdditions };

const TIMEOUT_MS = 60_000;
/** Extends a track's name to reserve space. */
const FILLER = "~";
/** QuickTime states the length of a name in one byte. */
const LONGEST_NAME = 255;
/** libavformat's own name of a video track (movenc.c, mov_write_hdlr_tag). */
const USUAL_NAME = "VideoHandler";
const GEOMETRY: ReadonlySet<unknown> = new Set(["Spherical Mapping", "Stereo 3D"]);

function kindOf(container: Container): PictureData["kind"] | null {
  if (container === "mp4" || container === "mov") return "mp4";
  return container === "mkv" || container === "webm" ? "mkv" : null;
}

export interface PictureDataInput {
  readonly info: SourceInfo;
  readonly plan: StreamPlan;
  readonly sourcePath: string;
  readonly workDir: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Muxes one picture of the source: the file's header shows how this ffmpeg writes the source's projection. Null when
 * that fails. The picture is copied where the container takes the source's codec, otherwise encoded with an encoder
 * that every build has.
 */
async function headerOfOne(
  tools: Tools,
  input: PictureDataInput,
  kind: PictureData["kind"],
): Promise<Uint8Array | null> {
  const { info, sourcePath, workDir, signal } = input;
  const file = tempNameFor(join(workDir, "one-picture"));
  // The MOV muxer of older versions leaves these boxes out; readers know them in both.
  const muxer = kind === "mkv" ? "matroska" : "mp4";
  try {
    for (const codec of ["copy", "mpeg4"]) {
      const result = await runTool({
        tools,
        program: "ffmpeg",
        reads: [sourcePath],
        writes: [file],
        args: [
          ...QUIET,
          ...inputGuards({ formats: info.formatName, kind: "file" }),
          ...["-f", demuxerName(info.formatName), "-i", fileUrl(sourcePath)],
          ...["-map", `0:${info.video.streamIndex}`, "-frames:v", "1", "-c:v", codec, "-strict", "-2"],
          ...["-map_metadata", "-1", "-map_chapters", "-1", "-f", muxer, "-y", fileUrl(file)],
        ],
        signal,
        timeoutMs: TIMEOUT_MS,
      });
      if (succeeded(result)) return await readHeaderOf(file, kind);
    }
    return null;
  } finally {
    await rm(file, { force: true });
  }
}

/** Null when there is nothing to add; the final check reports missing data as lost. */
export async function gatherPictureData(tools: Tools, input: PictureDataInput): Promise<PictureData | null> {
  const { info, plan } = input;
  const kind = kindOf(plan.container);
  if (kind === null) return null;
  const hasGeometry = (info.sideData ?? []).some(({ side_data_type: type }) => GEOMETRY.has(type));
  const hdr = plan.picture.containerHdr;
  if (!hasGeometry && hdr === null) return null;
  const header = hasGeometry ? await headerOfOne(tools, input, kind) : null;
  if (kind === "mp4") {
    const boxes = [...(header === null ? [] : mp4PictureBoxes(header)), ...(hdr === null ? [] : hdr10Mp4(hdr))];
    return boxes.length === 0 ? null : { kind, boxes };
  }
  const video = header === null ? [] : mkvProjection(header);
  const colour = hdr === null ? [] : hdr10Mkv(hdr);
  return video.length + colour.length === 0 ? null : { kind, added: { video, colour } };
}

function bytesOf(data: PictureData): number {
  return data.kind === "mkv" ? mkvBytes(data.added) : data.boxes.reduce((sum, { length }) => sum + length, 0);
}

/** The last of the arguments that names the picture's track by this key; null: none does. */
function nameIn(args: readonly string[], key: string): string | null {
  const values = args.flatMap((arg, position) => {
    const isOfVideo = /^-metadata:s:v(:0)?$/.test(args[position - 1] ?? "");
    return isOfVideo && arg.startsWith(`${key}=`) ? [arg.slice(key.length + 1)] : [];
  });
  return values.at(-1) ?? null;
}

export interface Reserved {
  /** Options that name the track; they come after all others. */
  readonly args: readonly string[];
  /** Bytes of the final name. */
  readonly nameBytes: number;
}

/** A name for the picture's track, extended by the size of the additions; null when it would be too long. Pure. */
export function reserveSpace(data: PictureData, args: readonly string[]): Reserved | null {
  const key = data.kind === "mkv" ? "title" : "handler_name";
  const given = nameIn(args, key);
  const name = given ?? (data.kind === "mkv" ? "" : USUAL_NAME);
  const nameBytes = Buffer.byteLength(name);
  const bytes = bytesOf(data);
  if (data.kind === "mp4" && nameBytes + bytes >= LONGEST_NAME) return null;
  return { args: ["-metadata:s:v:0", `${key}=${name}${FILLER.repeat(bytes)}`], nameBytes };
}

/** False when the file is not as expected; it then keeps the long name. */
export async function writePictureData(path: string, data: PictureData, nameBytes: number): Promise<boolean> {
  return await changeHeader(path, data.kind, (header) =>
    data.kind === "mkv"
      ? withMkvData(header, nameBytes, data.added)
      : withMp4Boxes(header, data.boxes, FILLER.charCodeAt(0)),
  );
}
