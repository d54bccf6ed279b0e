// Decodes the source's side of the check `picture` before there is an output: of segments that have landed, whose key
// frames say where their middle will be looked at.
import type { Tools } from "../../ffmpeg/tools.ts";
import { choosePlaces, type Place, type PlacesInput } from "./choose-places.ts";
import { streamPictures } from "./read-pictures.ts";
import { sourceArgs } from "./sample-args.ts";
import type { SourcePictures } from "./source-pictures.ts";
import type { Strips } from "./strips.ts";

/** As many as one run of ffmpeg has inputs for (look-at-places.ts), with two places each. */
export const MOST_SEGMENTS_AHEAD = 6;

export interface AheadInput extends PlacesInput {
  /** The file that the video is read from. */
  readonly sourcePath: string;
  readonly kept: SourcePictures;
  readonly signal: AbortSignal;
}

/**
 * Keeps what came out; what did not is decoded when the output is there. Nothing is done before it is known how pictures
 * are compared, nor for places that can't be sought. Errors: E_INTERRUPTED.
 */
export async function lookAhead(tools: Tools, input: AheadInput): Promise<void> {
  const { sourcePath, kept, signal } = input;
  const { form } = kept;
  if (form === null || kept.isFull) return;
  const { shown, matrix } = form;
  const argsOf = (place: Place) => sourceArgs(sourcePath, [place], shown, matrix);
  const isNear = ({ task, segment }: Place) => task.seekPts !== null || input.segments[segment]?.startPts === null;
  const places = choosePlaces(input).filter((place) => isNear(place) && kept.get(argsOf(place)) === undefined);
  if (places.length === 0) return;
  const pictures: Strips[] = [];
  const take = (picture: Strips) => void pictures.push(picture);
  await streamPictures(tools, sourceArgs(sourcePath, places, shown, matrix), shown, take, signal);
  if (pictures.length !== places.reduce((sum, { frames }) => sum + frames, 0)) return;
  for (const place of places) kept.keep(argsOf(place), pictures.splice(0, place.frames));
}
