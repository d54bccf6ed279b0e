// The first packets of a file's streams: where each stream really begins, priming included.

import { runTool } from "../base/process.ts";
import { MICROSECONDS, parseRational, type Rational, rescale } from "../base/rational.ts";
import { fileUrl, inputGuards } from "./formats.ts";
import type { StreamPlan } from "./stream-plan.ts";
import type { Tools } from "./tools.ts";
import type { SourceInfo } from "./types.ts";

/** Enough to meet every stream of an interleaved file; a stream that begins later cannot be the earliest. */
const FIRST_PACKETS = 400;

/** Earliest PTS of each stream among a file's first packets, microseconds by stream index. */
export async function firstPacketTimes(
  tools: Tools,
  path: string,
  formats: string,
  signal?: AbortSignal,
): Promise<Map<number, number>> {
  const earliest = new Map<number, number>();
  const timeBases = new Map<number, Rational>();
  const ticks: { stream: number; pts: number }[] = [];
  await runTool({
    program: tools.ffprobe,
    args: [
      "-v",
      "error",
      ...inputGuards({ formats, kind: "file" }),
      "-read_intervals",
      `%+#${FIRST_PACKETS}`,
      "-show_entries",
      "packet=stream_index,pts:stream=index,time_base",
      "-of",
      "compact=nk=0",
      fileUrl(path),
    ],
    ...(signal === undefined ? {} : { signal }),
    onLine: (line) => {
      const fields = new Map(
        line.split("|").map((field) => [field.split("=")[0] ?? "", field.slice(field.indexOf("=") + 1)] as const),
      );
      const pts = Number(fields.get("pts"));
      if (fields.has("packet") && !Number.isNaN(pts)) ticks.push({ stream: Number(fields.get("stream_index")), pts });
      const timeBase = parseRational(fields.get("time_base") ?? "");
      if (fields.has("stream") && timeBase !== null) timeBases.set(Number(fields.get("index")), timeBase);
    },
  });
  for (const { stream, pts } of ticks) {
    const timeBase = timeBases.get(stream);
    if (timeBase === undefined) continue;
    const microseconds = rescale(pts, timeBase, MICROSECONDS);
    earliest.set(stream, Math.min(earliest.get(stream) ?? Number.POSITIVE_INFINITY, microseconds));
  }
  return earliest;
}

/** The earliest packet of everything that goes into the output beside the video, in source microseconds. */
export async function earliestKeptUs(
  tools: Tools,
  plan: StreamPlan,
  info: SourceInfo,
  sourcePath: string,
  audioPath: string | null,
  signal?: AbortSignal,
): Promise<number> {
  let earliest = Number.POSITIVE_INFINITY;
  const source = await firstPacketTimes(tools, sourcePath, info.formatName, signal);
  for (const stream of plan.streams) {
    const at = source.get(stream.source.index);
    if (stream.action.kind === "copy" && at !== undefined) earliest = Math.min(earliest, at);
  }
  if (audioPath !== null) {
    const encoded = await firstPacketTimes(tools, audioPath, "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,ogg", signal);
    for (const at of encoded.values()) earliest = Math.min(earliest, at + info.startMicroseconds);
  }
  return earliest;
}
