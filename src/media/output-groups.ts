// Groups of pictures as the output has them: the source's, counted in output frames, as soon as their count is certain.
// A group that gives no frame goes to its neighbour, so that no segment is empty. Pure.
import type { FrameIndex } from "./frame-index.ts";
import type { OutputPlan } from "./output-plan.ts";
import { isCertain, plannedFrames } from "./planned-frames.ts";
import type { Gop, SourceInfo } from "./types.ts";

type Group = Pick<Gop, "startPts" | "endPts" | "frames">;

export class OutputGroups {
  readonly #plan: OutputPlan | null;
  readonly #info: Pick<SourceInfo, "startMicroseconds" | "video">;
  /** Groups of the source that are not counted yet, from `#counted` on. */
  #waiting: Group[] = [];
  /** The last group counted, which may still take in empty ones. */
  #open: Group | null = null;
  #isFirst = true;
  /** Frames of all groups given out. */
  total = 0;

  /** `plan` null: nobody can say what comes out; the source's frames stand for it. */
  constructor(plan: OutputPlan | null, info: Pick<SourceInfo, "startMicroseconds" | "video">) {
    this.#plan = plan;
    this.#info = info;
  }

  /** The groups that have become certain with these. `index` knows them already. */
  add(gops: readonly Gop[], index: FrameIndex): Group[] {
    if (this.#plan === null || this.#plan.keepsTimes) return this.#giveOut(gops);
    this.#waiting.push(...gops);
    const known = gops.at(-1)?.endPts;
    if (known === undefined) return [];
    const fresh: Group[] = [];
    let certain = 0;
    for (const group of this.#waiting) {
      if (!isCertain(this.#plan, index, group.endPts, known)) break;
      fresh.push(...this.#take(group, index, false));
      certain += 1;
    }
    this.#waiting = this.#waiting.slice(certain);
    return this.#giveOut(fresh);
  }

  /** No more packets: `index` is complete. */
  finish(index: FrameIndex): Group[] {
    const fresh = this.#waiting.flatMap((group, position) =>
      this.#take(group, index, position === this.#waiting.length - 1),
    );
    this.#waiting = [];
    const last = this.#open;
    this.#open = null;
    return this.#giveOut(last === null || last.frames === 0 ? fresh : [...fresh, last]);
  }

  #giveOut(groups: readonly Group[]): Group[] {
    for (const { frames } of groups) this.total += frames;
    return groups.map(({ startPts, endPts, frames }) => ({ startPts, endPts, frames }));
  }

  /** The group before this one, once this one has frames of its own. */
  #take(group: Group, index: FrameIndex, isLast: boolean): Group[] {
    if (this.#plan === null) return [];
    const range = { startPts: this.#isFirst ? null : group.startPts, endPts: isLast ? null : group.endPts };
    this.#isFirst = false;
    const frames = plannedFrames(this.#plan, index, this.#info, range).length;
    const open = this.#open;
    if (open === null) {
      this.#open = { ...group, frames };
      return [];
    }
    if (frames === 0 || open.frames === 0) {
      this.#open = { startPts: open.startPts, endPts: group.endPts, frames: open.frames + frames };
      return [];
    }
    this.#open = { ...group, frames };
    return [open];
  }
}
