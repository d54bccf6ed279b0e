// Which picture is shown when, and which ones are worth a look. Pure.
import type { ComparisonView } from "../../cluster/server/views.ts";

type Film = Pick<ComparisonView, "frames" | "seconds" | "times">;
type Score = ComparisonView["scores"][number];

/** When a picture is shown: exact at the known times, in between evenly. */
export function secondsAt({ frames, seconds, times }: Film, frame: number): number {
  const next = times.findIndex((each) => each.frame > frame);
  const from = times[(next === -1 ? times.length : next) - 1] ?? { frame: 0, seconds: 0 };
  const to = times[next] ?? { frame: frames, seconds };
  const part = to.frame === from.frame ? 0 : (frame - from.frame) / (to.frame - from.frame);
  return from.seconds + part * (to.seconds - from.seconds);
}

/** The picture that is shown so many seconds from the beginning. */
export function frameAt(film: Film, seconds: number): number {
  let [low, high] = [0, Math.max(0, film.frames - 1)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (secondsAt(film, middle) <= seconds + 1e-9) low = middle;
    else high = middle - 1;
  }
  return low;
}

const MOST_WORST = 8;
/** Moments that stand closer look the same. */
const APART_PART = 1 / 50;

/** The pictures that are met worst, the worst first; none where all of them are the source's to the last sample. */
export function worstOf({ scores, frames }: Pick<ComparisonView, "scores" | "frames">): readonly Score[] {
  const found: Score[] = [];
  const byQuality = scores.filter(({ psnr }) => psnr !== null).sort((a, b) => (a.psnr ?? 0) - (b.psnr ?? 0));
  for (const score of byQuality) {
    if (found.length === MOST_WORST) break;
    if (found.every(({ frame }) => Math.abs(frame - score.frame) > frames * APART_PART)) found.push(score);
  }
  return found;
}

/** "0:12.480", by which one finds it in a player. */
export function momentText(seconds: number): string {
  const ms = Math.max(0, Math.round(seconds * 1000));
  const pad = (value: number, digits: number) => String(value).padStart(digits, "0");
  const minutes = Math.floor(ms / 60_000) % 60;
  const hours = Math.floor(ms / 3_600_000);
  const rest = `${pad(Math.floor(ms / 1000) % 60, 2)}.${pad(ms % 1000, 3)}`;
  return hours > 0 ? `${hours}:${pad(minutes, 2)}:${rest}` : `${minutes}:${rest}`;
}

/** What a PSNR of the worst plane looks like. */
export function lookOf(psnr: number | null): string {
  if (psnr === null) return "identical";
  if (psnr >= 42) return "no difference to the eye";
  if (psnr >= 36) return "hard to see";
  return psnr >= 30 ? "visible beside the source" : "plainly visible";
}
