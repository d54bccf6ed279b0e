// Which file the video of a job is read from: the source, or, where the source is an elementary stream that can be shown
// to survive it, an MP4 of the very same packets in the job's folder. Sound, subtitles and the rest stay with the source.
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { sha256OfFile } from "../../../base/digest.ts";
import { exists, writeFileDurably } from "../../../base/files.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import type { SourceInfo } from "../../../media/model/source.ts";
import { mayBeRemuxed, remuxElementary, remuxedInfo } from "../../../media/remux/remux-elementary.ts";
import { splitMode } from "../../../media/request/args/split-mode.ts";
import { probeSource } from "../../../media/source/probe.ts";
import type { JobFolder } from "../job/job-folders.ts";
import { madeSource } from "../job/made-source.ts";
import type { JobRecord, SourceRecord } from "../ports.ts";

export interface VideoSource {
  readonly source: SourceRecord;
  /** As the source's, but for the container and the place of the stream in it. */
  readonly info: SourceInfo;
  /** Why it was remuxed; null: it is the source itself. */
  readonly remuxed: string | null;
  /** Why it should have been remuxed and was not. */
  readonly refusal: string | null;
}

export interface VideoSourceParts {
  readonly tools: Tools;
  readonly folder: JobFolder;
  readonly tell: (activity: string | null) => void;
  readonly signal: AbortSignal;
}

/** What was found when it was made, so that a server that starts again need not make it again. */
const factsSchema = z.strictObject({ sha256: z.string() });

/** The file of an earlier run of the server, if it is whole. */
async function isThere({ folder, signal }: VideoSourceParts): Promise<boolean> {
  if (!(await exists(folder.video)) || !(await exists(folder.videoFacts))) return false;
  const facts = factsSchema.parse(JSON.parse(await readFile(folder.videoFacts, "utf8")));
  return (await sha256OfFile(folder.video, 0, undefined, signal)) === facts.sha256;
}

async function makeRemuxed(parts: VideoSourceParts, { source, info }: JobRecord): Promise<string | null> {
  const { tools, folder, signal } = parts;
  parts.tell("remuxing the video so that it can be sought");
  try {
    const target = { path: folder.video, folder: folder.root };
    const made = await remuxElementary(tools, { path: source.path, info }, target, signal);
    if (!made.ok) return made.reason;
    const facts = { sha256: await sha256OfFile(folder.video, 0, undefined, signal) };
    await writeFileDurably(folder.videoFacts, `${JSON.stringify(facts)}\n`);
    return null;
  } finally {
    parts.tell(null);
  }
}

/** Errors: those of remuxElementary. */
export async function openVideoSource(parts: VideoSourceParts, record: JobRecord): Promise<VideoSource> {
  const { source, info } = record;
  const isWhole = splitMode(record.request, record.exactly).mode === "whole";
  if (isWhole || !mayBeRemuxed(info)) return { source, info, remuxed: null, refusal: null };
  const { folder } = parts;
  const refusal = (await isThere(parts)) ? null : await makeRemuxed(parts, record);
  if (refusal !== null) return { source, info, remuxed: null, refusal };
  const probed = await probeSource(parts.tools, folder.video, { signal: parts.signal });
  return {
    source: await madeSource(record, `the remuxed video of ${source.name}`, folder.video),
    info: remuxedInfo(info, probed),
    remuxed: `a raw ${info.formatName} stream has no timestamps`,
    refusal: null,
  };
}
