// The one way an encode request is refused: which option, why, and what to use instead.
import { nearestName } from "../../../base/config/nearest-name.ts";
import { AppError } from "../../../base/errors.ts";

export function refuse(option: string, why: string, instead: string): AppError {
  return new AppError("E_ENCODE_REQUEST", `${option}: ${why}`, instead);
}

/** What a mistyped word may mean; null when nothing is near. Many words are short, so fewer edits are believed. */
export function closest(word: string, known: Iterable<string>): string | null {
  return nearestName(word, known, Math.min(2, Math.floor(word.length / 3)));
}
