// Compares the output's chapters with the source's: which ones ffmpeg keeps, their times and their titles. A chapter
// that the container can't hold as it is fails nothing: ffmpeg writes it differently, and the loss is reported.

import type { ProofCheck } from "../../model/proof.ts";
import type { Container } from "../../model/source.ts";
import type { Chapter } from "./chapter-list.ts";

/** One millisecond of rounding in each file. */
const TOLERANCE_US = 2000;
/** How many losses are listed one by one. */
const MOST_LISTED = 5;

/** When the first picture is shown, on each file's own clock, microseconds. */
export interface FirstFrames {
  readonly source: number;
  readonly output: number;
}

export interface ChapterSides {
  readonly source: readonly Chapter[];
  readonly output: readonly Chapter[];
  readonly firstFrameUs: FirstFrames;
}

export interface ChapterRules {
  readonly container: Container;
  /** Titles are kept together with the metadata. */
  readonly hasTitles: boolean;
}

export interface ChapterCheck {
  readonly check: ProofCheck;
  /** A sentence for each chapter that is missing or changed. */
  readonly lost: readonly string[];
}

interface Numbered {
  readonly number: number;
  readonly chapter: Chapter;
}

function seconds(us: number): string {
  return `${(us / 1e6).toFixed(3)} s`;
}

function named({ number, chapter }: Numbered): string {
  return `chapter ${number}${chapter.title === "" ? "" : ` "${chapter.title.slice(0, 60)}"`}`;
}

/**
 * On the output's clock. ffmpeg drops a chapter that ends before the video begins, and shortens one that begins before
 * it.
 */
function expectedChapters({ source, firstFrameUs }: ChapterSides): { kept: Numbered[]; before: Numbered[] } {
  const shift = firstFrameUs.output - firstFrameUs.source;
  const kept: Numbered[] = [];
  const before: Numbered[] = [];
  for (const [position, own] of source.entries()) {
    const chapter = { ...own, startUs: Math.max(0, own.startUs + shift), endUs: own.endUs + shift };
    (chapter.endUs < -TOLERANCE_US ? before : kept).push({ number: position + 1, chapter });
  }
  return { kept, before };
}

/** A chapter track has no gap at its beginning: in MP4 and MOV the first chapter starts at the file's zero. */
function isAtItsTime(found: Chapter, wanted: Chapter, position: number, { container }: ChapterRules): boolean {
  const reachesBack = position === 0 && found.startUs === 0 && (container === "mp4" || container === "mov");
  return reachesBack || Math.abs(found.startUs - wanted.startUs) <= TOLERANCE_US;
}

function isSame(found: Chapter | undefined, wanted: Chapter, position: number, rules: ChapterRules): boolean {
  if (found === undefined || !isAtItsTime(found, wanted, position, rules)) return false;
  return !rules.hasTitles || found.title === wanted.title;
}

function areSame(found: readonly Chapter[], wanted: readonly Chapter[], rules: ChapterRules): boolean {
  return (
    found.length === wanted.length && wanted.every((one, position) => isSame(found[position], one, position, rules))
  );
}

function shortened(sentences: readonly string[]): string[] {
  const more = sentences.length - MOST_LISTED;
  return more > 0 ? [...sentences.slice(0, MOST_LISTED), `${more} further chapters likewise`] : [...sentences];
}

/**
 * `asWritten`: what this ffmpeg writes for a list of chapters in the container; called only when the output's differ.
 */
export async function compareChapters(
  sides: ChapterSides,
  rules: ChapterRules,
  asWritten: (chapters: readonly Chapter[]) => Promise<readonly Chapter[] | null>,
): Promise<ChapterCheck | null> {
  const { source, output } = sides;
  if (source.length === 0) return null;
  const name = "chapters";
  const { kept, before } = expectedChapters(sides);
  const count = `${output.length} of ${source.length}`;
  const early = shortened(before.map((one) => `${named(one)} is left out: it ends before the film begins`));
  const wanted = kept.map(({ chapter }) => chapter);
  if (areSame(output, wanted, rules)) {
    const detail = `${count}, none begins further than ${TOLERANCE_US / 1000} ms from its time`;
    return { check: { name, ok: true, detail: [detail, ...early].join("; ") }, lost: early };
  }
  const changed = shortened(
    kept.flatMap((one, position) => {
      const found = output[position];
      if (isSame(found, one.chapter, position, rules)) return [];
      const now = found === undefined ? "is missing" : `is ${seconds(found.startUs)} "${found.title.slice(0, 60)}"`;
      return [`${named(one)} at ${seconds(one.chapter.startUs)} ${now} in ${rules.container}`];
    }),
  );
  const written = await asWritten(wanted);
  const isContainers = written !== null && areSame(output, written, rules);
  const why = isContainers ? [`this ffmpeg writes these chapters into ${rules.container} in this form`] : [];
  const detail = [count, ...changed, ...why, ...early].join("; ");
  return { check: { name, ok: isContainers, detail }, lost: [...early, ...changed] };
}
