// Reads and writes -map, and applies the choices to the streams of a source (ffmpeg, "Stream selection").

import type { StreamChoice } from "../../model/encode-request.ts";
import type { SourceStream } from "../../model/source.ts";
import { refuse } from "../values/refuse.ts";

const TYPES: ReadonlyMap<string, NonNullable<StreamChoice["type"]>> = new Map([
  ["v", "v"],
  ["V", "V"],
  ["a", "a"],
  ["s", "s"],
  ["t", "t"],
  ["d", "d"],
]);

/** `0`, `0:2`, `0:v:0`, `0:a?`, `-0:s`, `0:a:m:language:eng`. Throws E_ENCODE_REQUEST. */
export function readStreamChoice(option: string, value: string): StreamChoice {
  const match = /^(-)?(\d+)(?::([vVastd]))?(?::(\d{1,4}))?(?::m:language:([A-Za-z-]{2,20}))?(\?)?$/.exec(value);
  if (!match) {
    throw refuse(
      option,
      `"${value.slice(0, 40)}" is not a choice of streams`,
      "Use forms such as 0, 0:v:0, 0:a, 0:a:1, 0:s?, -0:d, 0:a:m:language:eng.",
    );
  }
  if (match[2] !== "0") throw refuse(option, "there is one input, number 0", "Write 0:… .");
  return {
    exclude: match[1] === "-",
    optional: match[6] === "?",
    type: TYPES.get(match[3] ?? "") ?? null,
    index: match[4] === undefined ? null : Number(match[4]),
    language: match[5] ?? null,
  };
}

export function formatStreamChoice(choice: StreamChoice): string {
  return [
    choice.exclude ? "-0" : "0",
    choice.type === null ? "" : `:${choice.type}`,
    choice.index === null ? "" : `:${choice.index}`,
    choice.language === null ? "" : `:m:language:${choice.language}`,
    choice.optional ? "?" : "",
  ].join("");
}

/**
 * Indexes of the chosen streams in the order asked for; null when there is no -map. A first -map that excludes takes
 * away from all streams, which ffmpeg would have picked some of by itself. Throws E_ENCODE_REQUEST.
 */
export function selectStreams(
  maps: readonly StreamChoice[],
  streams: readonly SourceStream[],
): readonly number[] | null {
  if (maps.length === 0) return null;
  let chosen: number[] = maps[0]?.exclude === true ? streams.map((stream) => stream.index) : [];
  for (const choice of maps) {
    const matches = matching(choice, streams);
    if (choice.exclude) chosen = chosen.filter((index) => !matches.includes(index));
    else {
      if (matches.length === 0 && !choice.optional) {
        throw refuse(
          `-map ${formatStreamChoice(choice)}`,
          "the source has no such stream",
          `Add ? to allow that: -map ${formatStreamChoice({ ...choice, optional: true })}.`,
        );
      }
      chosen.push(...matches.filter((index) => !chosen.includes(index)));
    }
  }
  return chosen;
}

const TYPE_NAMES = { v: "video", V: "video", a: "audio", s: "subtitle", t: "attachment", d: "data" } as const;

function matching(choice: StreamChoice, streams: readonly SourceStream[]): readonly number[] {
  const { type, index } = choice;
  const ofType = streams.filter(
    (stream) => type === null || (stream.type === TYPE_NAMES[type] && !(type === "V" && stream.isAttachedPicture)),
  );
  const numbered =
    index === null
      ? ofType
      : type === null
        ? streams.filter((stream) => stream.index === index)
        : ofType.slice(index, index + 1);
  return numbered
    .filter((stream) => choice.language === null || stream.language === choice.language)
    .map((stream) => stream.index);
}
