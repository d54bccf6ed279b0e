// Chooses the file that a job's video is read from: the source, or an MP4 with the same packets in the job's folder, where
// the source is an elementary stream and the remux proves exact. Everything else is still read from the source.
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
import type { JobRecord, SourceRecord } from "../job/job-record.ts";
import { madeSource } from "../job/made-source.ts";

export interface VideoSource {
  readonly source: SourceRecord;
  /** Where this machine reads it. */
  readonly path: string;
  /** Like the source's, except for the container and the stream's index in it. */
  readonly info: SourceInfo;
  /** Why the video was remuxed; null: the file is the source itself. */
  readonly remuxed: string | null;
  /** Why a remux that was wanted was not possible; null: it was, or none was wanted. */
  readonly refusal: string | null;
}

export interface VideoSourceParts {
  readonly tools: Tools;
  readonly folder: JobFolder;
  /** Where the job's source is read. */
  readonly sourcePath: string;
  readonly setActivity: (activity: string | null) => void;
  readonly signal: AbortSignal;
}

/** Stored with the file, so that a restarted server need not make it again. */
const factsSchema = z.strictObject({ sha256: z.string() });

/** Whether an earlier run of the server left the whole file. */
async function isThere({ folder, signal }: VideoSourceParts): Promise<boolean> {
  if (!(await exists(folder.video)) || !(await exists(folder.videoFacts))) return false;
  const facts = factsSchema.parse(JSON.parse(await readFile(folder.videoFacts, "utf8")));
  return (await sha256OfFile(folder.video, 0, undefined, signal)) === facts.sha256;
}

async function makeRemuxed(parts: VideoSourceParts, { info }: JobRecord): Promise<string | null> {
  const { tools, folder, sourcePath, signal } = parts;
  parts.setActivity("remuxing the video so that it can be sought");
  try {
    const target = { path: folder.video, folder: folder.root };
    const made = await remuxElementary(tools, { path: sourcePath, info }, target, signal);
    if (!made.ok) return made.reason;
    const facts = { sha256: await sha256OfFile(folder.video, 0, undefined, signal) };
    await writeFileDurably(folder.videoFacts, `${JSON.stringify(facts)}\n`);
    return null;
  } finally {
    parts.setActivity(null);
  }
}

/** Errors: those of remuxElementary. */
export async function openVideoSource(parts: VideoSourceParts, record: JobRecord): Promise<VideoSource> {
  const { source, info } = record;
  const itself = { source, path: parts.sourcePath, info, remuxed: null };
  const isWhole = splitMode(record.request, record.exactly).mode === "whole";
  if (isWhole || !mayBeRemuxed(info)) return { ...itself, refusal: null };
  const { folder } = parts;
  const refusal = (await isThere(parts)) ? null : await makeRemuxed(parts, record);
  if (refusal !== null) return { ...itself, refusal };
  const probed = await probeSource(parts.tools, folder.video, { signal: parts.signal });
  return {
    source: await madeSource(record, `the remuxed video of ${source.name}`, folder.video),
    path: folder.video,
    info: remuxedInfo(info, probed),
    remuxed: `a raw ${info.formatName} stream has no timestamps`,
    refusal: null,
  };
}
