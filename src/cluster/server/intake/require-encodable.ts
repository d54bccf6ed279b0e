// Requires that the request's filters and encoder accept the source's pictures: the server encodes the first one itself.
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import type { EncodeRequest } from "../../../media/model/encode-request.ts";
import type { SourceInfo } from "../../../media/model/source.ts";
import { encoderTimeBase } from "../../../media/plan/time-base.ts";
import { requireFirstPicture } from "../../../media/source/trial.ts";
import { requestOf } from "../job/job-request.ts";

/**
 * Answers as requireFirstPicture. `encoder`: the one that the request names, or the first that may be elected. Errors:
 * those of requireFirstPicture.
 */
export async function requireEncodable(
  tools: Tools,
  { path, info }: { readonly path: string; readonly info: SourceInfo },
  request: EncodeRequest,
  encoder: string,
  signal?: AbortSignal,
): Promise<string | null> {
  const trial = { path, info, request: requestOf({ request, info }, encoder) };
  return await requireFirstPicture(tools, { ...trial, encoderTimeBase: encoderTimeBase(info.video, request) }, signal);
}
