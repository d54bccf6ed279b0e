// Holds what stands beside picture, sound and subtitles against the source's: attached files and cover art by the digest
// of their bytes, chapters by their number, titles and times.
import { z } from "zod";
import { runTool, succeeded } from "../base/process.ts";
import { parseRational } from "../base/rational.ts";
import { OUTPUT_DEMUXERS } from "./output-packets.ts";
import type { StreamPlan } from "./stream-plan.ts";
import { fileUrl, inputGuards } from "./tool-args.ts";
import type { Tools } from "./tools.ts";
import type { ProofCheck, SourceInfo } from "./types.ts";

const TIMEOUT_MS = 60_000;
/** A container's clock of milliseconds, once for each file. */
const CHAPTER_TOLERANCE_US = 2000;

const headerSchema = z.object({
  streams: z.array(
    z.object({
      index: z.number().int(),
      codec_type: z.string().optional(),
      extradata_hash: z.string().optional(),
      disposition: z.record(z.string(), z.number()).optional(),
    }),
  ),
  chapters: z.array(
    z.object({ start: z.number(), time_base: z.string(), tags: z.record(z.string(), z.string()).optional() }),
  ),
});
type Header = z.infer<typeof headerSchema>;

const packetSchema = z.object({ packets: z.array(z.object({ data_hash: z.string().optional() })) });

interface MediaFile {
  readonly path: string;
  readonly formats: string;
}

async function readHeader(tools: Tools, file: MediaFile, signal?: AbortSignal): Promise<Header | null> {
  const result = await runTool({
    program: tools.ffprobe,
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

/** The digest of the one picture that an attached-picture stream holds. */
async function pictureDigest(tools: Tools, file: MediaFile, index: number, signal?: AbortSignal) {
  const result = await runTool({
    program: tools.ffprobe,
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

/** What one file has beside picture, sound and subtitles. */
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

/** Null when the source has nothing of the kind that is kept. */
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

function chapterCheck(
  plan: StreamPlan,
  source: Header,
  output: Header,
  firstFrameUs: { readonly source: number; readonly output: number },
): ProofCheck[] {
  if (!plan.keepChapters || source.chapters.length === 0) return [];
  const name = "chapters";
  const count = `${output.chapters.length} of ${source.chapters.length}`;
  if (source.chapters.length !== output.chapters.length) return [{ name, ok: false, detail: count }];
  const startUs = (chapter: Header["chapters"][number]) => {
    const timeBase = parseRational(chapter.time_base);
    return timeBase === null ? Number.NaN : (chapter.start * timeBase.num * 1e6) / timeBase.den;
  };
  const title = (chapter: Header["chapters"][number] | undefined) => chapter?.tags?.title ?? "";
  let worst = 0;
  let renamed = 0;
  for (const [position, own] of source.chapters.entries()) {
    const kept = output.chapters[position];
    if (kept === undefined) continue;
    if (plan.keepMetadata && title(own) !== title(kept)) renamed += 1;
    const moved = startUs(kept) - firstFrameUs.output - (startUs(own) - firstFrameUs.source);
    // A track of chapters has no gap at its beginning: in MP4 and MOV the first one reaches back to the file's zero.
    if (position === 0 && kept.start === 0 && moved < 0) continue;
    if (!(Math.abs(moved) <= Math.abs(worst))) worst = moved;
  }
  const detail = `${count}, none begins further than ${(Math.abs(worst) / 1000).toFixed(1)} ms from its time${renamed > 0 ? `; ${renamed} have another title` : ""}`;
  return [{ name, ok: Math.abs(worst) <= CHAPTER_TOLERANCE_US && renamed === 0, detail }];
}

/** `firstFrameUs`: when the first picture is shown, on each file's own clock. */
export function compareExtras(
  plan: StreamPlan,
  source: Extras,
  output: Extras,
  firstFrameUs: { readonly source: number; readonly output: number },
): ProofCheck[] {
  if (source.header === null || output.header === null)
    return [{ name: "attachments and chapters", ok: false, detail: "the headers could not be read" }];
  return [
    ...attachmentCheck(plan, source.header, output.header),
    ...coverCheck(plan, source, output),
    ...chapterCheck(plan, source.header, output.header, firstFrameUs),
  ];
}
