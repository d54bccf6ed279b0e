// Whether the request's filters and encoder take the source's pictures: the server makes the first one itself.
import type { EncodeRequest } from "../../../media/request/encode-request.ts";
import { requireFirstPicture } from "../../../media/source/trial.ts";
import { encoderTimeBase } from "../../../media/time-base.ts";
import type { Tools } from "../../../media/tools.ts";
import type { SourceInfo } from "../../../media/types.ts";
import { requestOf } from "../job/job-request.ts";

/** `encoder`: the one that is asked for, or the first that may be elected. Errors: those of requireFirstPicture. */
export async function requireEncodable(
  tools: Tools,
  { path, info }: { readonly path: string; readonly info: SourceInfo },
  request: EncodeRequest,
  encoder: string,
  signal?: AbortSignal,
): Promise<void> {
  const trial = { path, info, request: requestOf({ request, info }, encoder) };
  await requireFirstPicture(tools, { ...trial, encoderTimeBase: encoderTimeBase(info.video, request) }, signal);
}
