// Reads the output track of an option: "a" all audio, "a:1" the second track.
import type { GivenOption } from "./given-options.ts";
import { refuse } from "./refuse.ts";

/** Null: all tracks of the type. Throws E_ENCODE_REQUEST. */
export function readTrack({ written, name, specifier }: GivenOption, type: "a" | "s"): number | null {
  if (specifier === "" || specifier === type) return null;
  const match = /^[as]:(\d{1,3})$/.exec(specifier);
  if (match && specifier.startsWith(type)) return Number(match[1]);
  throw refuse(
    written,
    "not a choice of output tracks",
    `Write -${name}:${type} for all, -${name}:${type}:0 for the first.`,
  );
}
