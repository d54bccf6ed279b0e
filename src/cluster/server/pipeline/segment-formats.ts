// The pixel format of the segments of a job, as they were made: a stream has one, and no header of NUT says it. Asked of
// ffprobe once for each client and each kind of parameter sets.
import { succeeded } from "../../../base/process/run-process.ts";
import { probeCompact } from "../../../media/ffmpeg/compact-lines.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import type { SegmentFacts } from "../../../media/model/segment.ts";
import { SEGMENT_DEMUXERS } from "../../../media/segment/verify-segment.ts";
import { otherFormat } from "../../../media/verify/picture/format-loss.ts";
import type { Job } from "../../scheduler/model/job.ts";
import type { LandedResult } from "../../scheduler/model/segment.ts";

export class SegmentFormats {
  readonly #known = new Map<string, string | null>();

  /** Null: ffprobe does not say. */
  async of(
    tools: Tools,
    path: string,
    { clientId, report }: LandedResult,
    facts: SegmentFacts,
    signal: AbortSignal,
  ): Promise<string | null> {
    const key = [clientId, report.ffmpegVersion, report.encoder, facts.extradataSha256, facts.size].join(" ");
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const found = await readFormat(tools, path, signal);
    this.#known.set(key, found);
    return found;
  }
}

async function readFormat(tools: Tools, path: string, signal: AbortSignal): Promise<string | null> {
  let format: string | null = null;
  const args = ["-select_streams", "v:0", "-show_entries", "stream=pix_fmt"];
  const question = { path, formats: SEGMENT_DEMUXERS, args };
  const result = await probeCompact(tools, question, (fields) => (format = fields.get("pix_fmt") ?? null), signal);
  return succeeded(result) && format !== "unknown" ? format : null;
}

/** In words, where a segment is not of the job's planned format; null: it is, or none is planned. */
export function unplannedFormat({ settings }: Job, { report }: LandedResult, found: string | null): string | null {
  const planned = settings.picture?.format;
  return planned === undefined || found === null ? null : otherFormat(report.encoder, planned, found);
}
