// Whether times collapse: pictures a tick apart where the source's last longer, a film or a track shorter than the
// packets that it was made of. Counts can't see it, and the times of a source whose clock is broken agree with it. Pure.
import type { ProofCheck } from "../model/proof.ts";

export interface StepsInput {
  /** Of the output's pictures, sorted, seconds. */
  readonly shown: readonly number[];
  /** The coarser one of the source's and the output's ticks, seconds. */
  readonly tick: number;
  /** Of the source's picture: what its packets last together, seconds, and how many steps that is; null: not known. */
  readonly picture: { readonly seconds: number; readonly steps: number } | null;
  /** Of each kept track of sound: what the source's packets last together, and from where to where the output's lie, seconds. */
  readonly sounds: readonly { readonly stream: number; readonly source: number; readonly output: number }[];
}

export const STEPS_CHECK = "times do not collapse";

/** So many pictures in a row a tick apart are none that a decoder gave two at one time. */
const MOST_IN_A_ROW = 4;
/** Ticks that a source's pictures last at least on average for that to mean anything. */
const LEAST_TICKS = 4;
/** Damaged ends, codecs that need a few packets to begin, roundings. */
const SLACK_SECONDS = 1;
const SLACK_SHARE = 0.005;

function crowd({ shown, tick, picture }: StepsInput): string | null {
  if (picture === null || picture.steps === 0 || picture.seconds / picture.steps < LEAST_TICKS * tick) return null;
  let row = 0;
  for (let at = 1; at < shown.length; at += 1) {
    row = (shown[at] ?? 0) - (shown[at - 1] ?? 0) <= 1.01 * tick ? row + 1 : 0;
    if (row > MOST_IN_A_ROW) return `pictures ${at - row} to ${at} are a tick apart`;
  }
  return null;
}

function isShort(seconds: number, of: number, slack = 0): boolean {
  return seconds < of * (1 - SLACK_SHARE) - SLACK_SECONDS - slack;
}

export function checkSteps(input: StepsInput): ProofCheck {
  const { shown, picture, sounds } = input;
  const lasts = (shown.at(-1) ?? 0) - (shown[0] ?? 0);
  const problems = [crowd(input)].filter((problem) => problem !== null);
  const told = [`the pictures last ${lasts.toFixed(2)} s`];
  if (picture === null) told.push("not measured: what the source's packets last");
  else if (shown.length > 1 && isShort(lasts, picture.seconds, (2 * lasts) / (shown.length - 1)))
    problems.push(`the pictures last ${lasts.toFixed(2)} s, their packets ${picture.seconds.toFixed(2)} s`);
  for (const { stream, source, output } of sounds) {
    if (isShort(output, source))
      problems.push(`sound ${stream} lasts ${output.toFixed(2)} s, its packets ${source.toFixed(2)} s`);
    else told.push(`sound ${stream} ${output.toFixed(2)} s`);
  }
  const ok = problems.length === 0;
  return { name: STEPS_CHECK, ok, detail: ok ? `${told.join(", ")}, as their packets do` : problems.join("; ") };
}
