// Checks a request that arrived as JSON: it is accepted only if the parser could have made it. So client and server
// share one set of rules, and nothing that the parser refuses gets in another way.
import { isDeepStrictEqual } from "node:util";
import { AppError } from "../../../base/errors.ts";
import type { EncodeRequest } from "../../model/encode-request.ts";
import { encodeRequestSchema } from "../../model/encode-request-schema.ts";
import { formatEncodeWords } from "./format-words.ts";
import { parseEncodeWords } from "./parse-params.ts";

/** Throws E_ENCODE_REQUEST for wrong shapes and for anything that parseEncodeParams would refuse. */
export function checkEncodeRequest(value: unknown): EncodeRequest {
  const shape = encodeRequestSchema.safeParse(value);
  if (!shape.success) {
    const issue = shape.error.issues[0];
    throw new AppError(
      "E_ENCODE_REQUEST",
      `encode request: ${issue?.path.join(".") ?? ""} ${issue?.message ?? "malformed"}`,
      "Use the same version of ffcluster everywhere.",
    );
  }
  const { cadence, hasNoPlaceForRange: _, encodedFormat: _format, ...video } = shape.data.video;
  const again = parseEncodeWords(formatEncodeWords(shape.data));
  if (!isDeepStrictEqual(again, { ...shape.data, video }) || (cadence !== undefined && video.frameRate === null)) {
    throw new AppError(
      "E_ENCODE_REQUEST",
      "encode request: not one that the option parser makes",
      "Submit the options with --ffmpeg-params, and use the same version of ffcluster everywhere.",
    );
  }
  return shape.data;
}
