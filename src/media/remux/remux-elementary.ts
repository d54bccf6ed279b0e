// Remuxes an elementary stream (raw H.264, HEVC, MPEG-2, AV1), which can't be sought, into an MP4 in its own time base,
// which can. The result is used only if every packet is the same, in the same order, at the time of its picture in a
// decode in sequence.
import { rm } from "node:fs/promises";
import { AppError } from "../../base/errors.ts";
import { freeBytes, landFile, tempNameFor } from "../../base/files.ts";
import { hasTimestamps } from "../ffmpeg/formats.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { lastWords } from "../ffmpeg/stderr.ts";
import { fileUrl, inputGuards, QUIET } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import { indexSource } from "../index/index-source.ts";
import type { SourceInfo } from "../model/source.ts";
import { probeSource } from "../source/probe.ts";
import { type Elementary, packetSlices, readElementary } from "./elementary.ts";
import { firstDifference } from "./same-payload.ts";
import { fitsIvf, IVF_HEADER_BYTES, IVF_PACKET_BYTES, writeIvf } from "./write-ivf.ts";

/** Disk space to leave free for the segments. */
const RESERVE_BYTES = 64 * 1024 * 1024;

export type Remuxed = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export interface ElementarySource {
  readonly path: string;
  readonly info: SourceInfo;
}

/** Elementary streams of codecs whose packets can be told one by one. */
export function mayBeRemuxed(info: SourceInfo): boolean {
  return !hasTimestamps(info.formatName) && fitsIvf(info.video.codec) && info.streams.length === 1;
}

/** Decoding times: evenly spaced, each no later than its picture is shown. */
function muxArgs(
  ivfPath: string,
  mp4Path: string,
  { packets, step }: Elementary,
  video: SourceInfo["video"],
): string[] {
  const ticksPerSecond = String(video.timeBase.den);
  const start = packets.reduce(
    (least, { pts }, number) => Math.min(least, pts - number * step),
    Number.POSITIVE_INFINITY,
  );
  return [
    ...QUIET,
    "-copyts",
    ...[...inputGuards({ formats: "ivf", kind: "file" }), "-f", "ivf"],
    // IVF's demuxer knows not all of these codecs by their four letters.
    ...["-c:v", video.codec, "-i", fileUrl(ivfPath)],
    ...["-map", "0:v:0", "-c", "copy", "-bsf:v", `setts=pts=PTS:dts=N*${step}+(${start})`],
    ...["-video_track_timescale", ticksPerSecond, "-movie_timescale", ticksPerSecond],
    ...["-avoid_negative_ts", "disabled"],
    ...["-map_metadata", "-1", "-fflags", "+bitexact", "-f", "mp4", "-y", fileUrl(mp4Path)],
  ];
}

/** The SourceInfo of the remuxed file: the source's, except for the container. */
export function remuxedInfo(source: SourceInfo, remuxed: SourceInfo): SourceInfo {
  const { formatName, bytes } = remuxed;
  return { ...source, formatName, bytes, video: { ...source.video, streamIndex: remuxed.video.streamIndex } };
}

/** Null when the file holds the same packets at the times wanted, else what differs. */
async function differenceOf(
  tools: Tools,
  source: ElementarySource,
  remuxed: ElementarySource,
  { packets }: Elementary,
  signal: AbortSignal,
): Promise<string | null> {
  const slices = await packetSlices(tools, remuxed.path, remuxed.info, signal);
  if (typeof slices === "string") return slices;
  const contained = { path: remuxed.path, slices };
  const different = await firstDifference(
    source.info.video.codec,
    { path: source.path, slices: packets },
    contained,
    signal,
  );
  if (different !== null) return `packet ${different} is not the same`;
  const index = await indexSource(tools, remuxed.path, remuxed.info, { onGops: () => undefined, signal });
  if (!index.seekable) return index.reason ?? "it can't be sought";
  const wanted = packets.map(({ pts }) => pts).sort((a, b) => a - b);
  const times = index.framePts(null, null);
  const areSame = times.length === wanted.length && times.every((pts, at) => pts === wanted[at]);
  return areSame ? null : "its pictures have other times";
}

/** Both files lie there at once while it is made. */
async function lacksRoom(path: string, bytes: number, packets: number): Promise<boolean> {
  return (await freeBytes(path)) < 2 * (bytes + packets * IVF_PACKET_BYTES + IVF_HEADER_BYTES) + RESERVE_BYTES;
}

/**
 * Remuxes into `path`, which lies in `folder` and exists afterwards only if the remux is exact. Errors: E_INTERRUPTED,
 * and those of the file system.
 */
export async function remuxElementary(
  tools: Tools,
  source: ElementarySource,
  target: { readonly path: string; readonly folder: string },
  signal: AbortSignal,
): Promise<Remuxed> {
  const { video } = source.info;
  const no = (reason: string): Remuxed => ({ ok: false, reason });
  if (video.timeBase.num !== 1) return no("its ticks are no whole part of a second");
  const elementary = await readElementary(tools, source.path, source.info, signal);
  if (signal.aborted) throw interrupted();
  if (typeof elementary === "string") return no(elementary);
  if (await lacksRoom(target.folder, source.info.bytes, elementary.packets.length))
    return no("the server's work directory has too little space for it");
  const ivfPath = tempNameFor(`${target.path}.ivf`);
  const mp4Path = tempNameFor(target.path);
  try {
    await writeIvf(source.path, ivfPath, video, elementary.packets, signal);
    const args = muxArgs(ivfPath, mp4Path, elementary, video);
    const muxed = await runTool({ tools, program: "ffmpeg", reads: [ivfPath], writes: [mp4Path], args, signal });
    if (signal.aborted) throw interrupted();
    if (muxed.exitCode !== 0) return no(`ffmpeg says: ${lastWords(muxed.stderrTail)}`);
    const probed = await probeSource(tools, mp4Path, { signal });
    if (probed.video.timeBase.num !== 1 || probed.video.timeBase.den !== video.timeBase.den)
      return no("the container has another time base");
    const info = remuxedInfo(source.info, probed);
    const difference = await differenceOf(tools, source, { path: mp4Path, info }, elementary, signal);
    if (difference !== null) return no(`remuxed, ${difference}`);
    await landFile(mp4Path, target.path);
    return { ok: true };
  } finally {
    await rm(ivfPath, { force: true });
    await rm(mp4Path, { force: true });
  }
}

function interrupted(): AppError {
  return new AppError("E_INTERRUPTED", "remuxing was stopped", "Submit the job again.");
}
