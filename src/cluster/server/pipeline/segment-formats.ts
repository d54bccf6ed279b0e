// The codec, the profile and the pixel format of the segments of a job, as they were made: a stream has one of each, and no
// header of NUT says profile and format. Asked of ffprobe once for each client, codec and kind of parameter sets.
import { succeeded } from "../../../base/process/run-process.ts";
import { probeCompact } from "../../../media/ffmpeg/compact-lines.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import type { EncodeRequest } from "../../../media/model/encode-request.ts";
import type { SegmentFacts } from "../../../media/model/segment.ts";
import { readNutCodec } from "../../../media/nut/read-nut.ts";
import { codecOfEncoder } from "../../../media/request/tables/encoders.ts";
import { otherProfile } from "../../../media/request/tables/profiles.ts";
import { SEGMENT_DEMUXERS } from "../../../media/segment/verify-segment.ts";
import type { OutputPackets } from "../../../media/verify/output-packets.ts";
import { otherFormat } from "../../../media/verify/picture/measure/format-loss.ts";
import type { Job } from "../../scheduler/model/job.ts";
import type { LandedResult } from "../../scheduler/model/segment.ts";
import type { JobRecord } from "../job/job-record.ts";

/** Null: ffprobe does not say. */
export interface SegmentFormat {
  readonly codec: string | null;
  readonly profile: string | null;
  readonly pixelFormat: string | null;
}

const UNSAID: SegmentFormat = { codec: null, profile: null, pixelFormat: null };

export class SegmentFormats {
  readonly #known = new Map<string, SegmentFormat>();

  /** `ask`: how ffprobe is asked about the file. */
  async of(
    path: string,
    { clientId, report }: LandedResult,
    facts: SegmentFacts,
    ask: () => Promise<SegmentFormat>,
  ): Promise<SegmentFormat> {
    const codec = await readNutCodec(path);
    const maker = [clientId, report.ffmpegVersion, report.encoder];
    const key = [...maker, codec, facts.extradataSha256, facts.size].join(" ");
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const found = await ask();
    this.#known.set(key, found);
    return found;
  }
}

/** "unknown" and nothing at all: null. */
function saidIn(text: string | undefined): string | null {
  return text === undefined || text === "unknown" ? null : text;
}

/** The same from a file that was read for the check of its pictures. */
export function formatOf({ picture }: Pick<OutputPackets, "picture">): SegmentFormat {
  return {
    codec: saidIn(picture?.codec_name),
    profile: saidIn(picture?.profile),
    pixelFormat: saidIn(picture?.pix_fmt),
  };
}

export async function readFormat(tools: Tools, path: string, signal: AbortSignal): Promise<SegmentFormat> {
  let found = UNSAID;
  const args = ["-select_streams", "v:0", "-show_entries", "stream=codec_name,profile,pix_fmt"];
  const question = { path, formats: SEGMENT_DEMUXERS, args };
  const note = (fields: ReadonlyMap<string, string>) => {
    const said = (key: string) => saidIn(fields.get(key));
    found = { codec: said("codec_name"), profile: said("profile"), pixelFormat: said("pix_fmt") };
  };
  const result = await probeCompact(tools, question, note, signal);
  return succeeded(result) ? found : UNSAID;
}

/**
 * In words, where a segment is not of the job's codec, of a profile within the asked one or of the planned format; null: it
 * is, or none is planned.
 */
export function unplannedFormat(
  { encoder, settings }: Job,
  asked: EncodeRequest,
  { report }: LandedResult,
  found: SegmentFormat,
): string | null {
  const codec = codecOfEncoder(encoder);
  if (found.codec !== null && found.codec !== codec) return `the segment is ${found.codec} where ${codec} is asked`;
  const other = otherProfile(encoder, asked.video.profile, found.profile);
  if (other !== null) return other;
  const planned = settings.picture?.format;
  const { pixelFormat } = found;
  return planned === undefined || pixelFormat === null ? null : otherFormat(report.encoder, planned, pixelFormat);
}

/**
 * In words, where a segment's pictures have another size than the trial of the first one gave. Where there was none, than
 * the request or the source says; filters, which may change that, are then left to other checks.
 */
export function otherSize(
  { request, info }: Pick<JobRecord, "request" | "info">,
  { settings }: Pick<Job, "settings">,
  found: string | undefined,
): string | null {
  const tried = settings.picture?.size;
  if (tried !== undefined && found !== undefined)
    return found === tried ? null : `the segment's pictures are ${found} where ${tried} is asked`;
  const { size } = request.video;
  if (found === undefined || (size === null && request.filters.length > 0)) return null;
  const { width, height } = size ?? info.video;
  // A source that is shown turned has its sides the other way round.
  if (found === `${width}x${height}` || (size === null && found === `${height}x${width}`)) return null;
  return `the segment's pictures are ${found} where ${width}x${height} is asked`;
}
