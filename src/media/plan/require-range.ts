// A picture of full range goes into no file that would be shown as of limited range. Pure.
import { AppError } from "../../base/errors.ts";
import { rangeHolder } from "../colour/range-holder.ts";
import { outputRange } from "../colour/range-path.ts";
import type { EncodeRequest } from "../request/encode-request.ts";
import type { Container, SourceVideo } from "../types.ts";

/** Errors: E_CONTAINER where neither codec nor container has a place for the range that the samples would keep unasked. */
export function requireRange(video: SourceVideo, request: EncodeRequest, container: Container): void {
  const { encoder, colour } = request.video;
  if (container === "mkv" || rangeHolder(encoder) !== "container" || colour.range !== null) return;
  if (outputRange(video, request) !== "pc") return;
  throw new AppError(
    "E_CONTAINER",
    `the picture is of full range (0 to 255), which neither ${encoder} nor ${container} has a place for`,
    "Add -vf scale=out_range=limited, which converts it as ffmpeg does by itself, or name the output .mkv, which keeps it.",
  );
}
