// The result of an attempt as a resumable upload: its offset, and the segment's bytes piece by piece. Each request carries
// the client's report on the whole segment.

import { AppError } from "../../base/errors.ts";
import { appendOfRequest, headersOfState } from "../../base/upload/resumable-upload.ts";
import { HEADER_REPORT, resultReportSchema } from "../../cluster/protocol/messages.ts";
import { json, noAppend, parseJson } from "../responses.ts";
import { type Call, type Route, route } from "../router.ts";

/** Errors: E_MALFORMED; E_FORBIDDEN for the report of another client than the caller. */
function reportOf({ request, who }: Call) {
  const header = request.headers.get(HEADER_REPORT);
  if (header === null) {
    throw new AppError("E_MALFORMED", "the result has no report", `Send it in ${HEADER_REPORT}.`);
  }
  const report = parseJson(header, resultReportSchema, HEADER_REPORT);
  if (who.role !== "client" || report.clientId === who.clientId) return report;
  throw new AppError(
    "E_FORBIDDEN",
    `the token ${who.name} is not that of client ${report.clientId}`,
    "Use its own key.",
  );
}

async function resultState(call: Call): Promise<Response> {
  const { coordinator, param } = call;
  const report = reportOf(call);
  const state = await coordinator.resultState(param("id"), report);
  return new Response(null, { status: 204, headers: headersOfState(state, report.bytes) });
}

async function appendResult(call: Call): Promise<Response> {
  const { coordinator, request, param, who } = call;
  const report = reportOf(call);
  const append = appendOfRequest(request, who.ended);
  if (append === null) throw noAppend();
  const state = await coordinator.appendResult(param("id"), report, append);
  return json({ offset: state.offset, accepted: state.isComplete }, 200, headersOfState(state));
}

export const attemptRoutes: readonly Route[] = [
  route("HEAD /api/v1/attempts/:id/result", resultState),
  route("PATCH /api/v1/attempts/:id/result", appendResult),
];
