// The request as the job's encoder understands it. A record keeps what was asked, which may leave the encoder open.
import type { EncodeRequest } from "../../../media/model/encode-request.ts";
import { translateRequest } from "../../../media/request/translate/translate.ts";
import type { JobRecord } from "../ports.ts";

export function requestOf(record: Pick<JobRecord, "request" | "info">, encoder: string): EncodeRequest {
  return translateRequest(record.request, encoder, record.info.video).request;
}

/** What was asked and `encoder` has no word for, for the proof. */
export function leftOut(record: Pick<JobRecord, "request" | "info">, encoder: string): string[] {
  const { left } = translateRequest(record.request, encoder, record.info.video);
  return left.map((what) => `${encoder} has no word for what was asked: ${what}`);
}
