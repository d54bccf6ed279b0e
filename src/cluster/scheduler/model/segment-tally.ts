// What is asked of all segments of a job at once, counted. A film has thousands of them, and most are done. As in
// live-attempts.ts, a tally belongs to one list of segments, and the decision that makes the next list takes it over.
import type { Segment, SegmentPhase } from "./segment.ts";

type Kind = SegmentPhase["kind"];
type Segments = readonly Segment[];

class Tally {
  readonly #places = new Map<Kind, Set<number>>();
  /** Verified segments by a digest of their encoder's headers, and by their pixel format. */
  readonly #headers = new Map<string | null, number>();
  readonly #formats = new Map<string | undefined, number>();
  /** Frames in all of them. */
  frames = 0;
  verified = 0;
  /** Frames of those whose result is on the server's disk. */
  landedFrames = 0;

  add(segment: Segment): void {
    this.#count(segment, 1);
    const { phase, index } = segment;
    if (phase.kind !== "verified") this.#of(phase.kind).add(index);
  }

  remove(segment: Segment): void {
    this.#count(segment, -1);
    const { phase, index } = segment;
    if (phase.kind !== "verified") this.#of(phase.kind).delete(index);
  }

  /** Places in the list, in no order. */
  placesOf(kind: Exclude<Kind, "verified">): ReadonlySet<number> {
    return this.#places.get(kind) ?? new Set();
  }

  /** All verified segments have the same headers and the same pixel format. */
  isAlike(): boolean {
    return this.#headers.size <= 1 && this.#formats.size <= 1;
  }

  #of(kind: Kind): Set<number> {
    const known = this.#places.get(kind);
    if (known !== undefined) return known;
    const made = new Set<number>();
    this.#places.set(kind, made);
    return made;
  }

  #count({ phase, frames }: Segment, by: 1 | -1): void {
    this.frames += by * frames;
    if ("landed" in phase) this.landedFrames += by * frames;
    if (phase.kind !== "verified") return;
    this.verified += by;
    shift(this.#headers, phase.facts.extradataSha256, by);
    shift(this.#formats, phase.facts.pixelFormat, by);
  }
}

export type SegmentTally = Readonly<Omit<Tally, "add" | "remove">>;

function shift<K>(counts: Map<K, number>, key: K, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}

const tallies = new WeakMap<Segments, Tally>();

export function tallyOf({ segments }: { readonly segments: Segments }): SegmentTally {
  const known = tallies.get(segments);
  if (known !== undefined) return known;
  const tally = new Tally();
  for (const segment of segments) tally.add(segment);
  tallies.set(segments, tally);
  return tally;
}

/** The segments of a kind in their order. */
export function segmentsOf(job: { readonly segments: Segments }, kind: Exclude<Kind, "verified">): readonly Segment[] {
  const places = [...tallyOf(job).placesOf(kind)].sort((a, b) => a - b);
  return places.flatMap((place) => job.segments[place] ?? []);
}

/** The list with this segment in its place, or at its end when it is the next one. */
export function withSegment(segments: Segments, segment: Segment): Segments {
  const next = segments.slice();
  next[segment.index] = segment;
  const tally = tallies.get(segments);
  if (tally === undefined) return next;
  tallies.delete(segments);
  const before = segments[segment.index];
  if (before !== undefined) tally.remove(before);
  tally.add(segment);
  tallies.set(next, tally);
  return next;
}
