// What plain ffmpeg hands to its encoders: the same run with encoders that keep every picture and every sample. Where an
// encoder or a muxer of the plain run itself changes that (Opus in Matroska is 7 ms early before 7.0; libx264 is not
// lossless everywhere with -qp 0, and not at all behind a change of the pixels' shape; libx265 shows one of two pictures
// of one time before its turn), what was handed over is right.
import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { soundDifferences } from "./compare-sound.ts";
import { chapterDifferences, eventDifferences, pictureDifferences, timesDiffer, worstTime } from "./differences.ts";
import { type PlainJob, runPlain } from "./plain-run.ts";
import { type Event, type Reading, readingOf } from "./reading.ts";
import { runTool, type Tools } from "./tools.ts";

/** Raw pictures, since FFV1 is given full range squeezed. Null: the run fails, or its output can't be read. */
async function handedBy(tools: Tools, job: PlainJob, pixelFormat: string): Promise<Reading | null> {
  const output = `${job.output}-handed.nut`;
  const format = pixelFormat === "" ? [] : ["-pix_fmt", pixelFormat];
  const params = [...job.params, "-c:v", "rawvideo", ...format, "-c:a", "pcm_s16le", "-sn", "-f", "nut"];
  try {
    const kept = job.kept === null ? null : { ...job.kept, subtitles: [] };
    const { exitCode } = await runPlain(tools, { ...job, kept, params, output });
    return exitCode === 0 ? await readingOf(tools, output).catch(() => null) : null;
  } finally {
    await rm(output, { force: true });
  }
}

/**
 * Whether the chapters are where plain ffmpeg has them before its muxer moves the streams, and not the chapters, to begin
 * at zero (copied MP3 whose edit list begins within a frame).
 */
export async function areChaptersHanded(tools: Tools, job: PlainJob, ours: Reading): Promise<boolean> {
  const output = `${job.output}-unmoved.mkv`;
  const params = [...job.params, "-an", "-sn", "-avoid_negative_ts", "disabled", "-f", "matroska"];
  try {
    const { exitCode } = await runPlain(tools, { ...job, params, output });
    const unmoved = exitCode === 0 ? await readingOf(tools, output).catch(() => null) : null;
    if (unmoved === null) return false;
    const origins = [ours.pictures.seconds[0] ?? 0, unmoved.pictures.seconds[0] ?? 0] as const;
    return chapterDifferences(ours.chapters, unmoved.chapters, origins).length === 0;
  } finally {
    await rm(output, { force: true });
  }
}

/**
 * Whether events of text begin and end where plain ffmpeg has them before the muxer of MP4, which knows no gaps in a track
 * of text, moves what follows a beginning before zero: the same run to Matroska, with the pictures that its rate moves.
 */
export async function areEventsHanded(tools: Tools, job: PlainJob, ours: Reading): Promise<boolean> {
  const output = `${job.output}-events.mkv`;
  const unmoved = ["-avoid_negative_ts", "disabled", "-f", "matroska"];
  const params = [...job.params, "-c:a", "pcm_s16le", "-c:s", "srt", ...unmoved];
  try {
    const { exitCode } = await runPlain(tools, { ...job, params, output });
    const handed = exitCode === 0 ? await readingOf(tools, output).catch(() => null) : null;
    if (handed === null || handed.subtitles.length !== ours.subtitles.length) return false;
    const origins = [ours.pictures.seconds[0] ?? 0, handed.pictures.seconds[0] ?? 0] as const;
    const timesAlone = (events: readonly Event[]) => events.map((event) => ({ ...event, text: "" }));
    return ours.subtitles.every((events, number) => {
      const others = timesAlone(handed.subtitles[number] ?? []);
      return eventDifferences("", timesAlone(events), others, origins).length === 0;
    });
  } finally {
    await rm(output, { force: true });
  }
}

/** Whether two pictures in a row have one time: an encoder that codes in another order can't tell which comes first. */
export function sharesTimes({ pictures: { seconds, tick } }: Pick<Reading, "pictures">): boolean {
  return seconds.some((at, number) => number > 0 && at - (seconds[number - 1] ?? at) < tick / 2);
}

const TIMES = /^picture \d+ is \S+ ms from its time$/;
const PICTURES = /^\d+ of \d+ pictures are others/;
const SOUND = /^sound \d/;
const COUNT = /^\d+ pictures where plain ffmpeg has \d+$/;

/**
 * MPEG-1/2 count whole frames, and plain ffmpeg takes a rate from their list where others can be stated too: a time is
 * right that is no further from what was handed over than half of a frame.
 */
function isRounded(ours: Reading, handed: Reading): boolean {
  const codec = ours.streams.find(({ type }) => type === "video")?.codec ?? "";
  const { seconds } = ours.pictures;
  const frame = seconds.slice(1).reduce((least, at, number) => Math.min(least, at - (seconds[number] ?? at)), 1);
  return /^mpeg[12]video$/.test(codec) && Math.abs(worstTime(ours.pictures, handed.pictures).by) <= frame / 2 + 0.001;
}

/** Null: the file can't be read. */
async function packetsOf({ ffprobe }: Tools, path: string): Promise<number | null> {
  const asked = ["-v", "error", "-select_streams", "V:0", "-count_packets", "-show_entries", "stream=nb_read_packets"];
  const { stdout, exitCode } = await runTool([ffprobe, ...asked, "-of", "csv=p=0", `file:${resolve(path)}`]);
  const count = Number.parseInt(new TextDecoder().decode(stdout), 10);
  return exitCode === 0 && Number.isInteger(count) ? count : null;
}

/**
 * Whether `ours` has every picture that was handed over where a decoder loses some of what plain ffmpeg's encoder made of
 * them: it writes as many packets as pictures.
 */
async function isDecodersLoss(tools: Tools, path: string, ours: Reading, handed: Reading): Promise<boolean> {
  const differences = pictureDifferences(ours.pictures, handed.pictures, { isLossless: false });
  const areSame = differences.every((one) => TIMES.test(one) && isRounded(ours, handed));
  return areSame && (await packetsOf(tools, path)) === handed.pictures.md5.length;
}

/** The differences from plain ffmpeg's output that are none from what it hands to its encoders left out. */
export async function withoutEncodersOwn(
  tools: Tools,
  job: PlainJob,
  ours: Reading,
  differences: readonly string[],
): Promise<string[]> {
  const isOpen = (one: string) => [PICTURES, SOUND, TIMES, COUNT].some((kind) => kind.test(one));
  const pixelFormat = ours.streams.find(({ type }) => type === "video")?.facts.pix_fmt ?? "";
  const handed = differences.some(isOpen) ? await handedBy(tools, job, pixelFormat) : null;
  if (handed === null) return [...differences];
  const origins = [ours.pictures.seconds[0] ?? 0, handed.pictures.seconds[0] ?? 0] as const;
  const areSame = ours.pictures.md5.join() === handed.pictures.md5.join();
  const isHeard =
    ours.sounds.length === handed.sounds.length &&
    ours.sounds.every((sound, number) => {
      const other = handed.sounds[number];
      return other !== undefined && soundDifferences("", [sound, other], origins).length === 0;
    });
  const isInTime =
    (areSame && sharesTimes(handed) && timesDiffer(ours.pictures, handed.pictures) === null) ||
    (!differences.some((one) => PICTURES.test(one)) && isRounded(ours, handed));
  const isTheirLoss =
    differences.some((one) => COUNT.test(one)) && (await isDecodersLoss(tools, job.output, ours, handed));
  const isTheirs = (one: string) =>
    (isTheirLoss && COUNT.test(one)) ||
    (areSame && PICTURES.test(one)) ||
    (isHeard && SOUND.test(one)) ||
    (isInTime && TIMES.test(one));
  return differences.filter((one) => !isTheirs(one));
}
