// Refuses a job whose output would lose all of its sound without the request asking for that. Pure.
import { AppError } from "../../base/errors.ts";
import type { Container } from "../model/source.ts";
import { CONTAINERS } from "../request/tables/containers.ts";
import type { LeftOutStream, PlannedStream } from "./stream-plan.ts";

const NAMES: readonly Container[] = ["mp4", "mov", "mkv", "webm", "ts"];

function isSound({ source }: LeftOutStream | PlannedStream): boolean {
  return source.type === "audio";
}

/** Containers that can hold all of these codecs as they are, as file name endings. */
function holdersOf(codecs: readonly string[]): string[] {
  return NAMES.filter((name) => codecs.every((codec) => CONTAINERS[name].audioCopy.has(codec))).map(
    (name) => `.${CONTAINERS[name].extensions[0] ?? name}`,
  );
}

function hintFor(left: readonly LeftOutStream[], container: Container): string {
  const codecs = [...new Set(left.map(({ source }) => source.codec))];
  const without = "or add -an where no sound is wanted.";
  if (codecs.includes("unknown")) return `ffmpeg cannot read this sound: pick another track with -map, ${without}`;
  const holders = holdersOf(codecs);
  const elsewhere = holders.length === 0 ? "" : ` copy it into ${holders.join(" or ")},`;
  const { encoder } = CONTAINERS[container].audioDefault;
  return `Leave out -c:a copy, or say -c:a ${encoder}, and it is encoded;${elsewhere} ${without}`;
}

/**
 * Errors: E_ENCODE_REQUEST where the source has sound, the output would have none, and neither -an nor -map asks for
 * that.
 */
export function requireSound(
  streams: readonly PlannedStream[],
  leftOut: readonly LeftOutStream[],
  container: Container,
): void {
  if (streams.some(isSound)) return;
  const unasked = leftOut.filter((one) => isSound(one) && !one.isAsked);
  if (unasked.length === 0) return;
  const each = unasked.map(({ source, reason }) => `stream ${source.index}: ${reason}`).join("; ");
  throw new AppError(
    "E_ENCODE_REQUEST",
    `the output would have no sound at all (${each})`,
    hintFor(unasked, container),
  );
}
