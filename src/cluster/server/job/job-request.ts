// The request, translated for the job's encoder. The record keeps the original, which may name only a codec.
import type { EncodeRequest } from "../../../media/model/encode-request.ts";
import { translateRequest } from "../../../media/request/translate/translate.ts";
import type { JobRecord } from "./job-record.ts";

export function requestOf(record: Pick<JobRecord, "request" | "info">, encoder: string): EncodeRequest {
  return translateRequest(record.request, encoder, record.info.video).request;
}

/** For the proof: what was asked for and `encoder` has no option for. */
export function leftOut(record: Pick<JobRecord, "request" | "info">, encoder: string): string[] {
  const { left } = translateRequest(record.request, encoder, record.info.video);
  return left.map((what) => `${encoder} has no option for what was asked: ${what}`);
}
