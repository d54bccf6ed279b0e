// Builds the refusal of an encode request: which option, why, and what to use instead. It quotes what somebody else wrote.
import { nearestName } from "../../../base/config/nearest-name.ts";
import { AppError } from "../../../base/errors.ts";
import { printable } from "../../../base/printable.ts";

export function refuse(option: string, why: string, instead: string): AppError {
  return new AppError("E_ENCODE_REQUEST", printable(`${option}: ${why}`), printable(instead));
}

/** The word that a mistyped one may mean; null when none is close. Short words allow fewer edits. */
export function closest(word: string, known: Iterable<string>): string | null {
  return nearestName(word, known, Math.min(2, Math.floor(word.length / 3)));
}
