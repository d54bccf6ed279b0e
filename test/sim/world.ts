// The truth in a simulated cluster, whatever the scheduler believes: the sources, where they are hard, and every
// result.

import type { NewJob } from "../../src/cluster/scheduler/model/input.ts";
import type { IndexedGop } from "../../src/cluster/scheduler/model/job.ts";
import type { LeadIn, SegmentReport } from "../../src/media/model/segment.ts";
import type { Random } from "./random.ts";

/** What is hard about a segment that begins at a key frame. */
export type Hardness =
  | { readonly kind: "none" }
  /** Frame counts are right only with this lead-in. */
  | { readonly kind: "counts"; readonly leadIn: 1 | 3 }
  /** Counts are always right, the picture only with this lead-in. */
  | { readonly kind: "seam"; readonly leadIn: 1 | 3 }
  /** Damage is concealed as in one run only when decoding begins at the source's beginning; decoders report errors. */
  | { readonly kind: "concealed" }
  /** The packet counts themselves are wrong; every decoder says so. */
  | { readonly kind: "miscounted" }
  /** The segment before sees another frame here; this one is right. */
  | { readonly kind: "odd-neighbour" }
  /** No decoder gets it right. */
  | { readonly kind: "broken" };

export interface Truth {
  readonly job: NewJob;
  readonly gops: readonly IndexedGop[];
  readonly totalFrames: number;
  readonly hardness: ReadonlyMap<number, Hardness>;
  /** A segment that holds this PTS fails on every client; null: none does. */
  readonly poisonPts: number | null;
  readonly isUnsplittable: boolean;
  readonly failsStitch: boolean;
  /** Simulated moment at which a user cancels it; null: never. */
  readonly cancelAt: number | null;
  readonly submitAt: number;
  /** No random index holds the clients up. */
  readonly isIndexedAtOnce?: boolean;
}

/** Neither the source nor a user prevents that the job completes. */
export function mustComplete(truth: Truth): boolean {
  if (truth.poisonPts !== null || truth.failsStitch || truth.cancelAt !== null) return false;
  for (const hardness of truth.hardness.values()) if (hardness.kind === "broken") return false;
  return true;
}

/** It can be encoded in its many segments. */
export function isOrdinary(truth: Truth): boolean {
  const { job, gops } = truth;
  const leads = gops.some(({ leadFrames }) => leadFrames !== undefined);
  return mustComplete(truth) && job.split.mode === "keyframes" && !truth.isUnsplittable && !leads;
}

export function makeOrdinaryTruth(random: Random, id: string, submitAt: number): Truth {
  for (;;) {
    const truth = makeTruth(random, id, submitAt);
    if (isOrdinary(truth)) return truth;
  }
}

export interface ResultFile {
  readonly attemptId: string;
  readonly jobId: string;
  readonly segmentIndex: number;
  readonly startPts: number;
  readonly frames: number;
  readonly countsAgree: boolean;
  readonly isRight: boolean;
  readonly report: SegmentReport;
  /** A digest of the encoder's headers: two builds of one encoder differ. */
  readonly parameterSets: string;
}

const NONE: Hardness = { kind: "none" };
const TICKS_PER_FRAME = 3600;
const FRAME_RATE = 25;

function makeHardness(random: Random, isHopeless: boolean): Hardness {
  const roll = random.next();
  const leadIn = random.chance(0.7) ? 1 : 3;
  if (roll < 0.01) return { kind: "counts", leadIn };
  if (roll < 0.02) return { kind: "seam", leadIn };
  if (roll < 0.0215) return { kind: "miscounted" };
  if (roll < 0.0245) return { kind: "odd-neighbour" };
  if (roll < 0.0285) return { kind: "concealed" };
  if (isHopeless && roll < 0.06) return { kind: "broken" };
  return NONE;
}

const CANDIDATES = [
  { encoder: "libx264", family: "software" },
  { encoder: "h264_nvenc", family: "nvenc" },
] as const;

/** A third of the jobs leave their encoder open. */
function makeElection(random: Random): Pick<NewJob["settings"], "election" | "picture"> {
  if (random.chance(0.66)) return {};
  return {
    picture: { width: 1920, height: 1080, isDeep: false },
    election: {
      candidates: CANDIDATES,
      allowMixed: random.chance(0.3),
      waitForFamilyMs: random.chance(0.1) ? null : random.between(0, 30_000),
    },
  };
}

export function makeTruth(random: Random, id: string, submitAt: number): Truth {
  const gops: IndexedGop[] = [];
  const hardness = new Map<number, Hardness>();
  const isHopeless = random.chance(0.03);
  const firstPts = random.chance(0.5) ? 0 : random.whole(-5000, 900_000);
  const meanGop = random.chance(0.1) ? 2 : random.whole(12, 50);
  const gopCount = Math.ceil(random.between(5200, 9000) / meanGop);
  let pts = firstPts;
  let totalFrames = 0;
  for (let index = 0; index < gopCount; index++) {
    const frames = random.whole(Math.max(1, meanGop >> 1), Math.ceil(meanGop * 1.5));
    const endPts = pts + frames * TICKS_PER_FRAME;
    gops.push({ startPts: pts, endPts, frames });
    if (index > 0) {
      const hard = makeHardness(random, isHopeless);
      if (hard !== NONE) hardness.set(pts, hard);
    }
    totalFrames += frames;
    pts = endPts;
  }
  const pieces = withLongGroups(gops, random.fork(), id === "job-1");
  // Derived from the source and not from the generator, so that everything else is as in a cluster without bit rates.
  const isRated = (totalFrames + gopCount) % 3 === 0;
  const bitrate = 200_000 + (totalFrames % 50) * 100_000;
  const isWhole = random.chance(0.05);
  const election = makeElection(random.fork());
  // A quarter of the jobs need the same parameter sets in all segments; derived from the source too.
  // Not jobs that may wait for their clients forever: they rightly would.
  const waitsForEver = election.election?.waitForFamilyMs === null;
  const isOneHeader = totalFrames % 4 === 0 && election.election?.allowMixed !== true && !waitsForEver;
  const poisonPts = random.chance(0.04) ? Math.floor(random.between(firstPts, pts)) : null;
  return {
    gops: pieces,
    hardness,
    totalFrames,
    poisonPts,
    submitAt,
    isUnsplittable: !isWhole && random.chance(0.04),
    failsStitch: random.chance(0.03),
    cancelAt: random.chance(0.06) ? submitAt + random.between(0, 60_000) : null,
    job: {
      id,
      fileName: `${id}.mp4`,
      settings: {
        requiredClients: random.whole(1, 2),
        benchmarkSeconds: random.between(1, 10),
        maxRetries: 3,
        retryDelayMs: random.whole(0, 3000),
        maxSegmentSeconds: random.between(3, 4.5),
        ...election,
        ...(isOneHeader ? { headers: totalFrames % 8 === 0 ? ("global" as const) : ("repeated" as const) } : {}),
      },
      // Derived from the source too: priorities and owners are mixed.
      queue: { priority: totalFrames % 101, owner: totalFrames % 2 === 0 ? "one" : "other" },
      encoder: random.chance(0.8) || election.election !== undefined ? "libx264" : "libx265",
      ...(totalFrames % 5 === 0 ? { text: { draws: ["drawtext"], print: null } } : {}),
      family: "software",
      split: isWhole ? { mode: "whole", reason: "its filter sees neighbours" } : { mode: "keyframes" },
      timeBase: { num: 1, den: FRAME_RATE * TICKS_PER_FRAME },
      durationSeconds: random.chance(0.8) ? totalFrames / FRAME_RATE : null,
      frameRate: random.chance(0.8) ? FRAME_RATE : null,
      ...(isRated ? { rate: { bitrate, maxrate: random.chance(0.3) ? bitrate * 1.5 : null, bufsize: null } } : {}),
      hasSoundWork: random.chance(0.5),
    },
  };
}

/** Large enough that wasted fetches count a little. */
const BYTES_PER_FRAME = 20_000;

/**
 * Some sources have a key frame only every few pieces, or only one. The first job of a cluster is never such a source,
 * so that each cluster has many segments.
 */
function withLongGroups(pieces: readonly IndexedGop[], random: Random, isOrdinary: boolean): readonly IndexedGop[] {
  const roll = random.next();
  if (isOrdinary || roll > 0.4) return pieces;
  const longest = roll < 0.05 ? pieces.length : random.whole(2, 60);
  let leadFrames = 0;
  let left = 0;
  return pieces.map((piece) => {
    if (left === 0) {
      left = roll < 0.05 ? longest : random.whole(1, longest);
      leadFrames = 0;
    }
    const part = leadFrames === 0 ? piece : { ...piece, leadFrames, leadBytes: leadFrames * BYTES_PER_FRAME };
    left -= 1;
    leadFrames += piece.frames;
    return part;
  });
}

/** Frames that are decoded for nothing before a segment that begins at this tick. */
export function leadOf(truth: Truth, startPts: number): number {
  return truth.gops.find((piece) => piece.startPts === startPts)?.leadFrames ?? 0;
}

/** Bits of a range at the measuring quality: quiet and busy stretches, the same on every client. */
export function complexityOf(segment: { readonly startPts: number; readonly frames: number }): number {
  const phase = segment.startPts / (TICKS_PER_FRAME * 200);
  return Math.round(segment.frames * 4000 * (1.05 + Math.sin(phase)) ** 2) + 1;
}

/** The shortest first. */
const LEAD_INS: readonly LeadIn[] = [0, 1, 3, "beginning"];

function neededLeadIn(hard: Hardness): LeadIn {
  if (hard.kind === "concealed") return "beginning";
  return hard.kind === "counts" || hard.kind === "seam" ? hard.leadIn : 0;
}

export interface SimEncode {
  readonly attemptId: string;
  readonly segment: {
    readonly index: number;
    readonly startPts: number;
    readonly endPts: number;
    readonly frames: number;
  };
  readonly leadIn: LeadIn;
  readonly seconds: number;
  /** Null: the job has one pass. */
  readonly videoBytes: number | null;
  readonly encoder: string;
  /** Of the encoder: two builds write different parameter sets. */
  readonly build: string;
}

/** The result of an encode, on any client. */
export function encodeTruly(truth: Truth, encode: SimEncode): ResultFile {
  const { attemptId, segment, leadIn, seconds, videoBytes, encoder, build } = encode;
  const hard = truth.hardness.get(segment.startPts) ?? NONE;
  const next = truth.hardness.get(segment.endPts) ?? NONE;
  const isEnough = segment.index === 0 || LEAD_INS.indexOf(leadIn) >= LEAD_INS.indexOf(neededLeadIn(hard));
  const isLast = segment.endPts === truth.gops.at(-1)?.endPts;
  const countsAgree = hard.kind !== "miscounted" && hard.kind !== "broken" && (hard.kind !== "counts" || isEnough);
  return {
    attemptId,
    jobId: truth.job.id,
    segmentIndex: segment.index,
    startPts: segment.startPts,
    frames: segment.frames,
    countsAgree,
    parameterSets: `${encoder} ${build}`,
    isRight: isEnough && hard.kind !== "broken",
    report: {
      frames: segment.frames,
      seconds,
      encoder,
      ffmpegVersion: "5.1",
      seamStart: hard.kind === "seam" && !isEnough ? "grey" : `frame ${segment.startPts}`,
      seamAfterEnd: isLast ? null : next.kind === "odd-neighbour" ? "other" : `frame ${segment.endPts}`,
      decodeErrors: hard.kind === "concealed" ? ["[h264] error while decoding MB 37 15, bytestream -6"] : [],
      ...(videoBytes === null ? {} : { videoBytes }),
    },
  };
}
