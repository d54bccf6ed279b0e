// The result of an attempt: the segment file as the body, what the client says of it in a header.
import { AppError } from "../../base/errors.ts";
import { WIRE } from "../../cluster/server/ports.ts";
import { API_PREFIX } from "../contract.ts";
import { json, parseJson } from "../responses.ts";
import { type Call, type Route, route } from "../router.ts";

async function receiveResult({ coordinator, request, param }: Call): Promise<Response> {
  const header = request.headers.get(WIRE.headers.report);
  if (header === null || request.body === null) {
    const hint = `Send the file as the body and its report in ${WIRE.headers.report}.`;
    throw new AppError("E_MALFORMED", "the result is incomplete", hint);
  }
  const report = parseJson(header, WIRE.resultReportSchema, WIRE.headers.report);
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) !== report.bytes) {
    const message = `the report says ${report.bytes} bytes, content-length ${declared}`;
    throw new AppError("E_MALFORMED", message, "Both must be the file's length.");
  }
  await coordinator.receiveResult(param("id"), report, request.body);
  return json({ accepted: true });
}

export const attemptRoutes: readonly Route[] = [route("PUT", `${API_PREFIX}/attempts/:id/result`, receiveResult)];
