// How a finished output differs from plain ffmpeg's of the same source: pictures, times, sound, subtitles, chapters,
// streams. Pure; empty lists mean that they are the same.
import { soundDifferences } from "./compare-sound.ts";
import { type Chapter, type Event, type Pictures, type Reading, type StreamFacts, THUMB } from "./reading.ts";

export interface Rules {
  /** The encode loses nothing, so that every picture must be the very same. */
  readonly isLossless: boolean;
}

const FLOAT = 0.000_01;
/** Chapters and subtitles go by milliseconds in most containers. */
const EVENT_SECONDS = 0.0021;
/** Mean difference of the samples of one plane of a shrunk picture, of 255; two encodes of one picture differ by 1 to 3. */
const LOSSY_MEAN = 10;

/** The picture whose time, counted from the first one's, is furthest from the other's. Seconds. */
export function worstTime(ours: Pictures, plain: Pictures): { readonly at: number; readonly by: number } {
  const [a = 0] = ours.seconds;
  const [b = 0] = plain.seconds;
  let worst = { at: 0, by: 0 };
  for (const [at, seconds] of ours.seconds.entries()) {
    const by = seconds - a - ((plain.seconds[at] ?? 0) - b);
    if (Math.abs(by) > Math.abs(worst.by)) worst = { at, by };
  }
  return worst;
}

/** The worst of the times that differ by more than a tick, in words; null: none does. */
export function timesDiffer(ours: Pictures, plain: Pictures): string | null {
  const tick = Math.max(ours.tick, plain.tick, 0.001) + FLOAT;
  const worst = worstTime(ours, plain);
  return Math.abs(worst.by) <= tick ? null : `picture ${worst.at} is ${(worst.by * 1000).toFixed(2)} ms from its time`;
}

/** Which pictures are another's, judged by what is left of them when shrunk. */
function lossyDifferences(ours: Pictures, plain: Pictures): number[] {
  const different: number[] = [];
  const plane = THUMB.bytes / 3;
  for (let picture = 0; picture < ours.md5.length; picture += 1) {
    const isSame = [0, 1, 2].every((number) => {
      const from = picture * THUMB.bytes + number * plane;
      let sum = 0;
      for (let at = from; at < from + plane; at += 1) sum += Math.abs((ours.thumbs[at] ?? 0) - (plain.thumbs[at] ?? 0));
      return sum / plane <= LOSSY_MEAN;
    });
    if (!isSame) different.push(picture);
  }
  return different;
}

export function pictureDifferences(ours: Pictures, plain: Pictures, { isLossless }: Rules): string[] {
  if (ours.md5.length !== plain.md5.length) {
    return [`${ours.md5.length} pictures where plain ffmpeg has ${plain.md5.length}`];
  }
  const different = isLossless
    ? [...ours.md5.keys()].filter((at) => ours.md5[at] !== plain.md5[at])
    : lossyDifferences(ours, plain);
  const times = timesDiffer(ours, plain);
  return [
    ...(different.length === 0
      ? []
      : [`${different.length} of ${ours.md5.length} pictures are others, first ${different[0]}`]),
    ...(times === null ? [] : [times]),
  ];
}

export function eventDifferences(
  name: string,
  ours: readonly Event[],
  plain: readonly Event[],
  [a, b]: Origins,
): string[] {
  if (ours.length !== plain.length) return [`${name}: ${ours.length} events where plain ffmpeg has ${plain.length}`];
  for (const [at, event] of ours.entries()) {
    const other = plain[at];
    if (other === undefined) continue;
    const begins = event.begins - a - (other.begins - b);
    const ends = event.ends - a - (other.ends - b);
    if (Math.abs(begins) > EVENT_SECONDS) return [`${name}: event ${at} begins ${(begins * 1000).toFixed(1)} ms late`];
    if (Math.abs(ends) > EVENT_SECONDS) return [`${name}: event ${at} ends ${(ends * 1000).toFixed(1)} ms late`];
    if (event.text !== other.text) return [`${name}: event ${at} says something else`];
  }
  return [];
}

type Origins = readonly [number, number];

/** ffmpeg reads one alone of several chapters that begin together in Matroska, unless they do at zero. */
function withoutTwins(chapters: readonly Chapter[]): Chapter[] {
  return chapters.filter(({ begins }, at) => chapters.findIndex((other) => other.begins === begins) === at);
}

export function chapterDifferences(all: readonly Chapter[], allPlain: readonly Chapter[], [a, b]: Origins): string[] {
  const [kept, plain] = [withoutTwins(all), withoutTwins(allPlain)];
  // Plain ffmpeg drops what lies before the file's start; ours begins with subtitles that come before the pictures.
  const isAfterStart = ({ begins }: Chapter) => begins - a + b > -EVENT_SECONDS;
  const ours = kept.length === plain.length ? kept : kept.filter(isAfterStart);
  if (ours.length !== plain.length) return [`${ours.length} chapters where plain ffmpeg has ${plain.length}`];
  for (const [at, chapter] of ours.entries()) {
    const other = plain[at];
    if (other === undefined) continue;
    const begins = chapter.begins - a - (other.begins - b);
    // One that begins before the film begins with the file, which plain ffmpeg may begin earlier or later than the film.
    const isFromTheStart = at === 0 && chapter.begins === 0 && other.begins === 0;
    if (!isFromTheStart && Math.abs(begins) > EVENT_SECONDS)
      return [`chapter ${at} begins ${(begins * 1000).toFixed(1)} ms late`];
    if (chapter.title !== other.title) return [`chapter ${at} is named "${chapter.title}", not "${other.title}"`];
  }
  return [];
}

function streamDifferences(ours: readonly StreamFacts[], plain: readonly StreamFacts[]): string[] {
  const found: string[] = [];
  for (const type of ["video", "audio", "subtitle"]) {
    const [a, b] = [ours, plain].map((all) => all.filter((stream) => stream.type === type));
    if (a === undefined || b === undefined) continue;
    if (a.length !== b.length) found.push(`${a.length} ${type} streams where plain ffmpeg has ${b.length}`);
    else
      a.forEach((stream, number) => found.push(...factDifferences(`${type} ${number}`, stream, b[number] ?? stream)));
  }
  return found;
}

function factDifferences(name: string, ours: StreamFacts, plain: StreamFacts): string[] {
  if (ours.codec !== plain.codec) return [`${name} is ${ours.codec}, not ${plain.codec}`];
  const names = [...new Set([...Object.keys(ours.facts), ...Object.keys(plain.facts)])];
  return names
    .filter((fact) => (ours.facts[fact] ?? "") !== (plain.facts[fact] ?? ""))
    .map(
      (fact) =>
        `${name}: ${fact} is ${ours.facts[fact] || "not there"}, plain ffmpeg's ${plain.facts[fact] || "not there"}`,
    );
}

/** All that differs, in words, the gravest first. */
export function differencesBetween(ours: Reading, plain: Reading, rules: Rules): string[] {
  const origins: Origins = [ours.pictures.seconds[0] ?? 0, plain.pictures.seconds[0] ?? 0];
  const found = pictureDifferences(ours.pictures, plain.pictures, rules);
  found.push(...streamDifferences(ours.streams, plain.streams));
  for (const [number, sound] of ours.sounds.entries()) {
    const other = plain.sounds[number];
    if (other !== undefined) found.push(...soundDifferences(`sound ${number}`, [sound, other], origins));
  }
  for (const [number, events] of ours.subtitles.entries()) {
    const other = plain.subtitles[number];
    if (other !== undefined) found.push(...eventDifferences(`subtitles ${number}`, events, other, origins));
  }
  return [...found, ...chapterDifferences(ours.chapters, plain.chapters, origins)];
}
