// Puts the options of one request over those of another, as options beside a preset are. Pure.
import { isNeutralCodec } from "../tables/neutral-codecs.ts";
import type { GivenOption } from "../values/given-options.ts";
import { refuse } from "../values/refuse.ts";
import { splitWords } from "../values/split-words.ts";
import { readBits } from "../values/values.ts";
import { kindOf, REPEATABLE, requestOptions, streamOf } from "./option-kinds.ts";
import { parseEncodeParams } from "./parse-params.ts";

/** Ways to say how good or how large the picture's stream becomes: one of them replaces the others. */
const RATE = new Set(["crf", "cq", "qp", "q", "global_quality", "quality", "b", "size"]);
const SPEED = new Set(["preset", "speed"]);
/** Of sound: what belongs to its encoder. What becomes of another one's sound keeps its channels and its sample rate. */
const KEPT_FOR_OTHER_SOUND = new Set(["ac", "ar", "filter", "loudness"]);

const areBothIn = (group: ReadonlySet<string>, a: string, b: string) => group.has(a) && group.has(b);

function replacesVideo(own: GivenOption, base: GivenOption): boolean {
  return own.name === base.name || areBothIn(RATE, own.name, base.name) || areBothIn(SPEED, own.name, base.name);
}

function replacesAudio(own: GivenOption, base: GivenOption): boolean {
  if (base.name === "an" || own.name === "an") return true;
  if (streamOf(own) !== "a") return streamOf(own) === streamOf(base) && own.name === base.name;
  if (own.name === "c") return own.value === "copy" || !KEPT_FOR_OTHER_SOUND.has(base.name);
  return streamOf(base) === "a" && (own.name === base.name || (isRate(own) && isRate(base)));
}

const isRate = ({ name }: GivenOption) => name === "b" || name === "q";

function replacesOutput(own: GivenOption, base: GivenOption): boolean {
  if (own.name !== base.name) return false;
  if (!REPEATABLE.has(own.name) || own.name === "map") return true;
  const key = ({ specifier, value }: GivenOption) => `${specifier} ${value.split("=")[0]}`;
  return own.name === "disposition" ? own.specifier === base.specifier : key(own) === key(base);
}

/** Whether an option that was given takes the place of one of the request below it. */
function replaces(own: GivenOption, base: GivenOption): boolean {
  if (kindOf(own) !== kindOf(base)) return false;
  switch (kindOf(own)) {
    case "video":
      return replacesVideo(own, base);
    case "audio":
      return replacesAudio(own, base);
    case "subtitles":
      return true;
    case "output":
      return replacesOutput(own, base);
  }
}

const videoCodec = (options: readonly GivenOption[]) =>
  options.find((each) => each.name === "c" && kindOf(each) === "video");

/** The numbers and names beside one encoder mean nothing, or something else, to another. */
function requireSameEncoder(own: readonly GivenOption[], base: readonly GivenOption[]): void {
  const [asked, below] = [videoCodec(own), videoCodec(base)];
  if (asked === undefined || below === undefined || asked.value === below.value) return;
  if (isNeutralCodec(asked.value) && isNeutralCodec(below.value)) return;
  throw refuse(
    `${asked.written} ${asked.value}`,
    `the rest of the other request is written for ${below.value}`,
    `Leave out ${asked.written}, or write the whole request yourself.`,
  );
}

function requireWithinMaxrate(own: readonly GivenOption[], base: readonly GivenOption[]): void {
  const of = (options: readonly GivenOption[], name: string) =>
    options.find((each) => each.name === name && kindOf(each) === "video");
  const rate = of(own, "b");
  const most = of(own, "maxrate") ?? of(base, "maxrate");
  if (rate === undefined || most === undefined) return;
  if (readBits(rate.written, rate.value) <= readBits(most.written, most.value)) return;
  const hint = "Give -maxrate and -bufsize too, or a lower bit rate.";
  throw refuse(`${rate.written} ${rate.value}`, `above ${most.written} ${most.value}`, hint);
}

/** A word that `splitWords` reads as it is. */
function quoted(word: string): string {
  if (/^[\w@%+=:,./()?-]+$/.test(word)) return word;
  return /["$`\\]/.test(word) ? `'${word.replaceAll("'", `'\\''`)}'` : `"${word}"`;
}

/**
 * The options of `own`, and those of `base` that none of them replaces. Throws E_ENCODE_REQUEST where the two do not go
 * together.
 */
export function overRequest(base: string, own: string): string {
  const below = requestOptions(splitWords(base));
  const given = requestOptions(splitWords(own));
  requireSameEncoder(given, below);
  requireWithinMaxrate(given, below);
  const kept = below.filter((option) => !given.some((each) => replaces(each, option)));
  const words = [...kept, ...given].flatMap(({ written, name, value }) =>
    ["an", "sn", "dn"].includes(name) ? [written] : [written, value],
  );
  const text = words.map(quoted).join(" ");
  parseEncodeParams(text);
  return text;
}
