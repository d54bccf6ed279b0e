// What a recipe asks of its file, as `--ffmpeg-params` and the ending of the output.
import { ENCODERS_ASKED, picked } from "./possibilities.ts";
import type { Recipe } from "./recipe.ts";

export function paramsOf({ request, sounds }: Recipe): string {
  const { encoder, filter, rate, sound, map, container } = request;
  const isWebm = container === "webm";
  const wanted = isWebm && sound === "aac" ? "libopus" : sound;
  const audio = sounds.length === 0 || wanted === "default" ? "" : wanted === "none" ? "-an" : `-c:a ${wanted}`;
  const parts = [
    picked(ENCODERS_ASKED[container], encoder),
    filter === null ? "" : `-vf ${filter}`,
    rate === null ? "" : `-r ${rate}`,
    audio,
    map ?? "",
  ];
  return parts.filter((part) => part !== "").join(" ");
}
