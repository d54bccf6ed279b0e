// What a source must pass before any work: its first picture goes through the request's own filters and encoder, its range
// is sampled, and its sound must hold packets and begin with the file.
import { requireStart } from "../audio/require-start.ts";
import { requireHeard } from "../audio/silent-tracks.ts";
import { sampledRangeChange } from "../colour/source-ranges.ts";
import type { EncoderPicture } from "../ffmpeg/encoder-picture.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { DecodedPicture } from "../model/source.ts";
import { encoderTimeBase } from "../plan/time-base.ts";
import { translateRequest } from "../request/translate/translate.ts";
import { requirePace } from "../source/raw-pace.ts";
import { requireFirstPicture } from "../source/trial.ts";
import type { PlannedSource } from "./plan-source.ts";

export interface TriedSource {
  /** What this ffmpeg gives the encoder; null: it could not be tried. */
  readonly picture: EncoderPicture | null;
  /** The source's first picture as ffmpeg's own choice of a decoder gives it; null: it is not known yet. */
  readonly decoded: DecodedPicture | null;
  /** How the range of the pictures changes in the middle; null: it does not. */
  readonly rangeChange: string | null;
}

/**
 * `encoder`: the one that the request names, or the first that may be elected; null: none can do what is asked. Errors:
 * those of requireFirstPicture, requirePace, requireHeard and requireStart.
 */
export async function trySource(
  tools: Tools,
  { path, info, plan }: Pick<PlannedSource, "info" | "plan"> & { readonly path: string },
  { request, encoder }: { readonly request: EncodeRequest; readonly encoder: string | null },
  signal?: AbortSignal,
): Promise<TriedSource> {
  const source = { path, info };
  const firstPicture = async (name: string) => {
    const resolved = translateRequest(request, name, info.video).request;
    const trial = { ...source, request: resolved, encoderTimeBase: encoderTimeBase(info.video, request) };
    return await requireFirstPicture(tools, trial, signal);
  };
  const [rangeChange, seen] = await Promise.all([
    sampledRangeChange(tools, path, info, signal),
    encoder === null ? null : firstPicture(encoder),
  ]);
  await requirePace(tools, path, info, signal);
  await requireHeard(tools, source, plan, signal);
  await requireStart(tools, source, plan, signal);
  return { picture: seen?.encoded ?? null, decoded: seen?.decoded ?? null, rangeChange };
}
