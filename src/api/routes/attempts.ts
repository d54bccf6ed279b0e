// The result of an attempt as a resumable upload: its offset, and the segment's bytes piece by piece. Each request carries
// the client's report on the whole segment.

import { AppError } from "../../base/errors.ts";
import { appendOfRequest, headersOfState } from "../../base/upload/resumable-upload.ts";
import { HEADER_REPORT, resultReportSchema } from "../../cluster/protocol/messages.ts";
import { API_PREFIX } from "../contract.ts";
import { json, noAppend, parseJson } from "../responses.ts";
import { type Call, type Route, route } from "../router.ts";

function reportOf(request: Request) {
  const header = request.headers.get(HEADER_REPORT);
  if (header === null) {
    throw new AppError("E_MALFORMED", "the result has no report", `Send it in ${HEADER_REPORT}.`);
  }
  return parseJson(header, resultReportSchema, HEADER_REPORT);
}

async function resultState({ coordinator, request, param }: Call): Promise<Response> {
  const report = reportOf(request);
  const state = await coordinator.resultState(param("id"), report);
  return new Response(null, { status: 204, headers: headersOfState(state, report.bytes) });
}

async function appendResult({ coordinator, request, param }: Call): Promise<Response> {
  const report = reportOf(request);
  const append = appendOfRequest(request);
  if (append === null) throw noAppend();
  const state = await coordinator.appendResult(param("id"), report, append);
  return json({ offset: state.offset, accepted: state.isComplete }, 200, headersOfState(state));
}

const PATH = `${API_PREFIX}/attempts/:id/result`;

export const attemptRoutes: readonly Route[] = [route("HEAD", PATH, resultState), route("PATCH", PATH, appendResult)];
