// Whether this ffmpeg gives the pictures of a raw stream the pace of its rate. ffmpeg 7.0 to 9.0 lose it for MPEG-4 at
// 30000/1001 and the like: the pictures come 33 microseconds apart, and a plain run drops most of them.
import { AppError } from "../../base/errors.ts";
import { formatRational, type Rational, toNumber } from "../../base/rational.ts";
import { hasTimestamps } from "../ffmpeg/formats.ts";
import { frameDigests, readFrameDigests } from "../ffmpeg/framehash.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { BOUNDED_MEMORY, fileUrl, inputGuards, QUIET } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { SourceInfo } from "../model/source.ts";

const PICTURES = 12;
const LEAST_PICTURES = 3;
const TIMEOUT_MS = 10_000;
/** Of a picture's length by the rate. Fields of their own and rates guessed double still come at half of it. */
const LEAST_SHARE = 0.25;

/** Microseconds between the pictures, where that is far less than the rate says; null: they keep the pace. */
export function lostPace(timesUs: readonly number[], rate: Rational): number | null {
  const [first, last] = [timesUs.at(0), timesUs.at(-1)];
  if (first === undefined || last === undefined || timesUs.length < LEAST_PICTURES) return null;
  const step = (last - first) / (timesUs.length - 1);
  return step < (LEAST_SHARE * 1e6) / toNumber(rate) ? step : null;
}

/** Of a raw stream alone. Errors: E_SOURCE_REFUSED; a beginning that can't be decoded is no error here. */
export async function requirePace(
  tools: Tools,
  path: string,
  { formatName, video }: Pick<SourceInfo, "formatName" | "video">,
  signal?: AbortSignal,
): Promise<void> {
  const { realFrameRate: rate, streamIndex, timeBase } = video;
  if (hasTimestamps(formatName) || rate === null) return;
  const timesUs: number[] = [];
  await runTool({
    tools,
    program: "ffmpeg",
    reads: [path],
    writes: [],
    args: [
      ...[...QUIET, ...BOUNDED_MEMORY, "-copyts", ...inputGuards({ formats: formatName, kind: "file" })],
      ...["-threads", "1", "-i", fileUrl(path), "-map", `0:${streamIndex}`, "-frames:v", String(PICTURES)],
      ...["-c:v", "rawvideo", ...frameDigests(timeBase), "pipe:1"],
    ],
    signal,
    timeoutMs: TIMEOUT_MS,
    onLine: readFrameDigests((us) => timesUs.push(us)),
  });
  const step = lostPace(timesUs, rate);
  if (step === null) return;
  const rateText = formatRational(rate);
  throw new AppError(
    "E_SOURCE_REFUSED",
    `this ffmpeg gives the pictures of a raw ${formatName} stream times that are ${Math.round(step)} µs apart, where its rate is ${rateText}`,
    `Plain ffmpeg loses pictures of it too. Give its packets times first: \`ffmpeg -r ${rateText} -i FILE -c copy timed.mkv\`.`,
  );
}
