// Compares the rest of the file with the source's: attached files and cover art by the digest of their bytes, chapters
// by their number, titles and times.
import { z } from "zod";
import { succeeded } from "../../../base/process/run-process.ts";
import { runTool } from "../../ffmpeg/run-tool.ts";
import { fileUrl, inputGuards } from "../../ffmpeg/tool-args.ts";
import type { Tools } from "../../ffmpeg/tools.ts";
import type { ProofCheck } from "../../model/proof.ts";
import type { SourceInfo } from "../../model/source.ts";
import type { StreamPlan } from "../../plan/stream-plan.ts";
import { OUTPUT_DEMUXERS } from "../output-packets.ts";
import { chapterSchema, toChapter } from "./chapter-list.ts";
import { chaptersAsWritten } from "./chapters-as-written.ts";
import { compareChapters, type FirstFrames } from "./check-chapters.ts";

const TIMEOUT_MS = 60_000;

const headerSchema = z.object({
  streams: z.array(
    z.object({
      index: z.number().int(),
      codec_type: z.string().optional(),
      extradata_hash: z.string().optional(),
      disposition: z.record(z.string(), z.number()).optional(),
    }),
  ),
  chapters: z.array(chapterSchema),
});
type Header = z.infer<typeof headerSchema>;

const packetSchema = z.object({ packets: z.array(z.object({ data_hash: z.string().optional() })) });

interface MediaFile {
  readonly path: string;
  readonly formats: string;
}

async function readHeader(tools: Tools, file: MediaFile, signal?: AbortSignal): Promise<Header | null> {
  const result = await runTool({
    tools,
    program: "ffprobe",
    reads: [file.path],
    writes: [],
    args: [
      ...["-v", "error", ...inputGuards({ formats: file.formats, kind: "file" }), "-show_data_hash", "sha256"],
      ...["-show_streams", "-show_chapters", "-of", "json", fileUrl(file.path)],
    ],
    signal,
    timeoutMs: TIMEOUT_MS,
  });
  if (!succeeded(result)) return null;
  return headerSchema.parse(JSON.parse(result.stdout));
}

/** The digest of the single picture in an attached-picture stream. */
async function pictureDigest(tools: Tools, file: MediaFile, index: number, signal?: AbortSignal) {
  const result = await runTool({
    tools,
    program: "ffprobe",
    reads: [file.path],
    writes: [],
    args: [
      ...["-v", "error", ...inputGuards({ formats: file.formats, kind: "file" }), "-show_data_hash", "sha256"],
      ...["-select_streams", String(index), "-read_intervals", "%+#1"],
      ...["-show_entries", "packet=data_hash", "-of", "json", fileUrl(file.path)],
    ],
    signal,
    timeoutMs: TIMEOUT_MS,
  });
  if (!succeeded(result)) return null;
  return packetSchema.parse(JSON.parse(result.stdout)).packets[0]?.data_hash ?? null;
}

function sameBytes(name: string, wanted: readonly (string | null)[], found: readonly (string | null)[]): ProofCheck {
  const unread = wanted.filter((digest) => digest === null).length;
  const missing = wanted.filter((digest, position) => digest !== null && found[position] !== digest).length;
  const held = wanted.length - unread - missing;
  const notes = [
    `${held} of ${wanted.length} kept byte for byte`,
    ...(unread > 0 ? [`${unread} not measured: the source's bytes can't be read apart`] : []),
  ];
  return { name, ok: missing === 0 && found.length >= wanted.length, detail: notes.join("; ") };
}

/** The contents of a file besides picture, sound and subtitles. */
export interface Extras {
  /** Null: it could not be read. */
  readonly header: Header | null;
  /** Digests of the cover art. */
  readonly covers: readonly (string | null)[];
}

function isAsked(plan: StreamPlan, info: SourceInfo): boolean {
  return (
    (plan.keepChapters && info.chapterCount > 0) ||
    plan.streams.some((one) => one.source.type === "attachment" || one.source.isAttachedPicture)
  );
}

async function readExtras(
  tools: Tools,
  file: MediaFile,
  coversOf: (header: Header) => readonly number[],
  signal?: AbortSignal,
): Promise<Extras> {
  const header = await readHeader(tools, file, signal);
  const covers: (string | null)[] = [];
  for (const index of header === null ? [] : coversOf(header)) {
    covers.push(await pictureDigest(tools, file, index, signal));
  }
  return { header, covers };
}

function plannedCovers(plan: StreamPlan): number[] {
  return plan.streams.filter((one) => one.source.isAttachedPicture).map((one) => one.source.index);
}

/** Null when the source has nothing of this kind to keep. */
export async function readSourceExtras(
  tools: Tools,
  source: { readonly path: string; readonly info: SourceInfo; readonly plan: StreamPlan },
  signal?: AbortSignal,
): Promise<Extras | null> {
  const { path, info, plan } = source;
  if (!isAsked(plan, info)) return null;
  return await readExtras(tools, { path, formats: info.formatName }, () => plannedCovers(plan), signal);
}

export async function readOutputExtras(
  tools: Tools,
  path: string,
  plan: StreamPlan,
  signal?: AbortSignal,
): Promise<Extras> {
  const attached = ({ streams }: Header) =>
    streams.filter((stream) => stream.disposition?.attached_pic === 1).map((stream) => stream.index);
  const coversOf = plannedCovers(plan).length === 0 ? () => [] : attached;
  return await readExtras(tools, { path, formats: OUTPUT_DEMUXERS }, coversOf, signal);
}

function attachmentCheck(plan: StreamPlan, source: Header, output: Header): ProofCheck[] {
  const planned = plan.streams.filter((one) => one.source.type === "attachment");
  if (planned.length === 0) return [];
  const digest = (header: Header, index: number) =>
    header.streams.find((stream) => stream.index === index)?.extradata_hash ?? null;
  const kept = output.streams.filter((stream) => stream.codec_type === "attachment");
  const wanted = planned.map((one) => digest(source, one.source.index));
  return [
    sameBytes(
      "attachments",
      wanted,
      kept.map((stream) => stream.extradata_hash ?? null),
    ),
  ];
}

function coverCheck(plan: StreamPlan, source: Extras, output: Extras): ProofCheck[] {
  return plannedCovers(plan).length === 0 ? [] : [sameBytes("cover art", source.covers, output.covers)];
}

/** The checks, and sentences about what the output lacks. */
export interface ExtrasCheck {
  readonly checks: readonly ProofCheck[];
  readonly lost: readonly string[];
}

/** `firstFrameUs`: when the first picture is shown, on each file's own clock. `workDir`: for the file of a trial. */
export async function compareExtras(
  tools: Tools,
  plan: StreamPlan,
  files: { readonly source: Extras; readonly output: Extras; readonly workDir: string },
  firstFrameUs: FirstFrames,
  signal?: AbortSignal,
): Promise<ExtrasCheck> {
  const { source, output, workDir } = files;
  if (source.header === null || output.header === null) {
    const detail = "the headers could not be read";
    return { checks: [{ name: "attachments and chapters", ok: false, detail }], lost: [] };
  }
  const chapters = plan.keepChapters
    ? await compareChapters(
        { source: source.header.chapters.map(toChapter), output: output.header.chapters.map(toChapter), firstFrameUs },
        { container: plan.container, hasTitles: plan.keepMetadata },
        (wanted) => chaptersAsWritten(tools, plan.container, wanted, workDir, signal),
      )
    : null;
  return {
    checks: [
      ...attachmentCheck(plan, source.header, output.header),
      ...coverCheck(plan, source, output),
      ...(chapters === null ? [] : [chapters.check]),
    ],
    lost: chapters?.lost ?? [],
  };
}
