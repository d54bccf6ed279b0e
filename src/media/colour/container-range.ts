// Adjusts a request to whether the output's container can state the range. Pure.
import type { EncodeRequest } from "../model/encode-request.ts";
import type { Container } from "../model/source.ts";
import { rangeHolder } from "./range-holder.ts";

/**
 * FFV1 leaves the range to the container, and only Matroska can state it: in other containers full range would be shown
 * as limited, so it is converted, as ffmpeg does since 7.1.
 */
export function forContainer(request: EncodeRequest, container: Container): EncodeRequest {
  if (container === "mkv" || rangeHolder(request.video.encoder) !== "container") return request;
  return { ...request, video: { ...request.video, hasNoPlaceForRange: true } };
}
