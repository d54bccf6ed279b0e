// Serves a finished output, whole or by range, with its digest as ETag. The file never changes once the job is complete.
import type { ErrorBody } from "../../base/errors.ts";
import { errorResponse } from "../responses.ts";
import type { Call } from "../router.ts";
import { endingBody } from "./ending-body.ts";

/** `range`: from `start` to before `end`. */
type Wanted = "whole" | "unsatisfiable" | { readonly start: number; readonly end: number };

/** Reads a Range header for a file of `bytes` bytes (RFC 9110 §14.1.2); several ranges at once get the whole file. */
function readRange(header: string | null, bytes: number): Wanted {
  if (header === null) return "whole";
  const match = /^bytes=\s*(\d*)-(\d*)\s*$/.exec(header);
  if (!match) return "whole";
  const [, first = "", last = ""] = match;
  if (first === "") {
    if (last === "") return "whole";
    return Number(last) === 0 ? "unsatisfiable" : { start: Math.max(0, bytes - Number(last)), end: bytes };
  }
  if (last !== "" && Number(last) < Number(first)) return "whole"; // invalid, so ignored
  if (Number(first) >= bytes) return "unsatisfiable";
  return { start: Number(first), end: last === "" ? bytes : Math.min(bytes, Number(last) + 1) };
}

/** RFC 6266: an ASCII name for old readers, and the exact one in UTF-8. */
function contentDisposition(name: string): string {
  const ascii = name.replace(/[^\x20-\x7e]|["\\]/g, "_");
  const exact = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return `attachment; filename="${ascii}"; filename*=UTF-8''${exact}`;
}

const UNSATISFIABLE: ErrorBody = {
  code: "E_MALFORMED",
  message: "the range lies outside the file",
  hint: "HEAD tells the file's length.",
};

export async function jobOutput({ coordinator, request, param, who, cutWhenEnded }: Call): Promise<Response> {
  const output = await coordinator.output(param("id"));
  const etag = `"${output.sha256}"`;
  const headers = {
    etag,
    "accept-ranges": "bytes",
    "content-type": "application/octet-stream",
    "content-disposition": contentDisposition(output.name),
    "cache-control": "no-cache",
    connection: "close",
  };
  if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers });
  const file = Bun.file(output.path);
  if (request.method === "HEAD") {
    return new Response(null, { headers: { ...headers, "content-length": String(output.bytes) } });
  }
  const condition = request.headers.get("if-range");
  // If-Range may name another version: then the whole file.
  const isOther = condition !== null && condition !== etag;
  const wanted = isOther ? "whole" : readRange(request.headers.get("range"), output.bytes);
  if (wanted === "unsatisfiable") {
    return errorResponse(UNSATISFIABLE, 416, { "content-range": `bytes */${output.bytes}` });
  }
  coordinator.noteOutputSent(wanted === "whole" ? output.bytes : wanted.end - wanted.start);
  if (!cutWhenEnded()) return endingAnswer(file, wanted, headers, who.ended);
  // Without Bun's own Range handling; with it, Bun answers a range of a file with 206 (measured).
  if (isOther) return new Response(file.stream(), { headers: { ...headers, "content-length": String(output.bytes) } });
  return new Response(file, { headers });
}

function endingAnswer(
  file: Blob,
  wanted: Exclude<Wanted, "unsatisfiable">,
  headers: Record<string, string>,
  ended: AbortSignal,
): Response {
  if (wanted === "whole") return new Response(endingBody(file, ended), { headers });
  const { start, end } = wanted;
  const range = { "content-range": `bytes ${start}-${end - 1}/${file.size}` };
  return new Response(endingBody(file.slice(start, end), ended), { status: 206, headers: { ...headers, ...range } });
}
