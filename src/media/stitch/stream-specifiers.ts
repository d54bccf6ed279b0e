// The specifier of each planned stream in the output, as ffmpeg's options number them. Pure.
import type { OutputStream } from "../model/encode-request.ts";
import type { PlannedStream, StreamPlan } from "../plan/stream-plan.ts";

/** The streams that come from an input; the rest are attached files. */
export function mappedStreams(plan: StreamPlan): PlannedStream[] {
  return plan.streams.filter((stream) => stream.action.kind !== "attach");
}

function letterOf(stream: PlannedStream): string {
  switch (stream.source.type) {
    case "video":
      return "v";
    case "audio":
      return "a";
    case "subtitle":
      return "s";
    case "attachment":
      return "t";
    case "data":
    case "other":
      return "d";
  }
}

export interface SpecifiedStream {
  readonly stream: PlannedStream;
  /** ffmpeg's letter for the type of output stream, and the number within that type. */
  readonly letter: string;
  readonly index: number;
}

/** The mapped streams in order, then the attached files. */
export function specifyStreams(plan: StreamPlan): SpecifiedStream[] {
  const counts = new Map<string, number>();
  const attached = plan.streams.filter((stream) => stream.action.kind === "attach");
  return [...mappedStreams(plan), ...attached].map((stream) => {
    const letter = stream.action.kind === "attach" ? "t" : letterOf(stream);
    const index = counts.get(letter) ?? 0;
    counts.set(letter, index + 1);
    return { stream, letter, index };
  });
}

/** The specifiers that a user's `asked` selects; none when the named stream was left out. */
export function specifiers(plan: StreamPlan, asked: OutputStream): string[] {
  if (asked.index === null) return [asked.type];
  return specifyStreams(plan).flatMap(({ stream, letter, index }) =>
    letterOf(stream) === asked.type && stream.number === asked.index ? [`${letter}:${index}`] : [],
  );
}
