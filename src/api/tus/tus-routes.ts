// Uploads by the tus protocol, version 1.0 (https://tus.io/protocols/resumable-upload), for its many clients. What is sent
// so becomes a source like any other (docs/adr/0033-tus.md).
import { AppError, type ErrorBody } from "../../base/errors.ts";
import type { UploadAppend } from "../../base/upload/resumable-upload.ts";
import type { UploadFound } from "../../cluster/server/ports.ts";
import { API_PREFIX } from "../contract.ts";
import { ERROR_CODE_HEADER, errorResponse, readHeaders } from "../responses.ts";
import { type Call, type Route, route } from "../router.ts";
import { sourceName } from "../source-name.ts";
import { checkedBody } from "./checked-body.ts";
import {
  appendHeaders,
  checksumHeaders,
  creationHeaders,
  TUS_ALGORITHMS,
  TUS_EXTENSIONS,
  TUS_PIECE,
  TUS_VERSION,
  wantedOf,
} from "./tus-headers.ts";

const TUS_PATH = `${API_PREFIX}/tus`;

/** On every answer below its path, also those of the door. */
export function withTusVersion(response: Response, request: Request): Response {
  const path = URL.canParse(request.url) ? new URL(request.url).pathname : "";
  if (path === TUS_PATH || path.startsWith(`${TUS_PATH}/`)) response.headers.set("tus-resumable", TUS_VERSION);
  return response;
}

function refuse(body: ErrorBody, status: number, headers: Record<string, string> = {}): Response {
  return errorResponse(body, status, { ...headers, [ERROR_CODE_HEADER]: body.code });
}

const OTHER_VERSION: ErrorBody = {
  code: "E_MALFORMED",
  message: `the request does not say Tus-Resumable: ${TUS_VERSION}`,
  hint: `Use a client for version ${TUS_VERSION} of the tus protocol.`,
};
const OTHER_TYPE: ErrorBody = {
  code: "E_MALFORMED",
  message: `a piece is not ${TUS_PIECE}`,
  hint: "Send it with that Content-Type.",
};
/** https://tus.io/protocols/resumable-upload#upload-checksum */
const CHECKSUM_MISMATCH = 460;

/** A route for clients of our version. */
function tus(key: Route["key"], handle: (call: Call) => Promise<Response>): Route {
  return route(key, async (call) => {
    if (call.request.headers.get("tus-resumable") !== TUS_VERSION)
      return refuse(OTHER_VERSION, 412, { "tus-version": TUS_VERSION });
    try {
      return await handle(call);
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.code !== "E_DIGEST") throw thrown;
      return refuse(thrown.toBody(), CHECKSUM_MISMATCH);
    }
  });
}

function expiry(keptUntil: Date | null): Record<string, string> {
  return keptUntil === null ? {} : { "upload-expires": keptUntil.toUTCString() };
}

const hasPiece = ({ headers }: Request) => headers.get("content-type") === TUS_PIECE;

/** The piece in the body, or E_MALFORMED, E_DIGEST, E_TOO_LARGE. */
async function pieceOf(call: Call, offset: number): Promise<UploadAppend> {
  const { request, who } = call;
  const { "upload-checksum": checksum } = readHeaders(request, checksumHeaders);
  const body = checksum === undefined ? request.body : await checkedBody(call, checksum);
  return { offset, digests: null, isLast: true, body, ended: who.ended };
}

async function take({ coordinator }: Call, id: string, piece: UploadAppend) {
  const { offset, isComplete, keptUntil } = await coordinator.appendUpload(id, piece, null);
  // The last one is told apart as it is for our own uploads, for the audit log.
  const complete: Record<string, string> = isComplete ? { "upload-complete": "?1" } : {};
  return { isComplete, headers: { "upload-offset": String(offset), ...expiry(keptUntil), ...complete } };
}

async function create(call: Call): Promise<Response> {
  const { coordinator, request, who, spend, about } = call;
  const { "upload-length": bytes, "upload-metadata": metadata } = readHeaders(request, creationHeaders);
  const { name, sha256 } = wantedOf(metadata);
  const wanted = { name: sourceName(name), bytes, key: null, tus: { metadata, sha256 } };
  spend("sources");
  const { source_id: id } = await coordinator.beginUpload(wanted, who);
  about(id);
  const location = `${TUS_PATH}/${id}`;
  if (!hasPiece(request)) {
    const { keptUntil } = await coordinator.uploadState(id);
    return new Response(null, { status: 201, headers: { location, ...expiry(keptUntil) } });
  }
  try {
    const { headers } = await take(call, id, await pieceOf(call, 0));
    return new Response(null, { status: 201, headers: { location, ...headers } });
  } catch (thrown) {
    await coordinator.removeUpload(id).catch(ignoreUnknown); // the sender does not know it
    throw thrown;
  }
}

function ignoreUnknown(thrown: unknown): void {
  if (!(thrown instanceof AppError) || thrown.code !== "E_UNKNOWN_ID") throw thrown;
}

/** Errors: E_UNKNOWN_ID for an upload of another kind, which goes on at its own path. */
function requireTus(id: string, { tus }: UploadFound): string {
  if (tus !== null) return tus.metadata;
  throw new AppError("E_UNKNOWN_ID", `no tus upload with id ${id}`, `Begin one with POST ${TUS_PATH}.`);
}

async function head({ coordinator, param }: Call): Promise<Response> {
  const found = await coordinator.uploadState(param("id"));
  const metadata = requireTus(param("id"), found);
  const headers = {
    "cache-control": "no-store",
    "upload-offset": String(found.offset),
    "upload-length": String(found.bytes),
    ...(metadata === "" ? {} : { "upload-metadata": metadata }),
    ...expiry(found.keptUntil),
  };
  return new Response(null, { headers });
}

async function append(call: Call): Promise<Response> {
  const { request, param, about } = call;
  if (!hasPiece(request)) return refuse(OTHER_TYPE, 415);
  const { "upload-offset": offset } = readHeaders(request, appendHeaders);
  const { isComplete, headers } = await take(call, param("id"), await pieceOf(call, offset));
  if (isComplete) about(param("id"), "PATCH /api/v1/tus/:id");
  return new Response(null, { status: 204, headers });
}

async function terminate({ coordinator, param, about }: Call): Promise<Response> {
  requireTus(param("id"), await coordinator.uploadState(param("id")));
  await coordinator.removeUpload(param("id"));
  about(param("id"), "DELETE /api/v1/tus/:id");
  return new Response(null, { status: 204 });
}

/** For clients whose network lets only GET and POST through. */
async function overridden(call: Call): Promise<Response> {
  const method = call.request.headers.get("x-http-method-override")?.toUpperCase();
  if (method === "PATCH") return await append(call);
  if (method === "HEAD") return await head(call);
  if (method === "DELETE") return await terminate(call);
  const hint = "Set X-HTTP-Method-Override to PATCH, HEAD or DELETE.";
  throw new AppError("E_MALFORMED", "an upload takes no POST of its own", hint);
}

async function options(): Promise<Response> {
  const headers = {
    "tus-version": TUS_VERSION,
    "tus-extension": TUS_EXTENSIONS,
    "tus-checksum-algorithm": TUS_ALGORITHMS,
  };
  return new Response(null, { status: 204, headers });
}

export const tusRoutes: readonly Route[] = [
  route("OPTIONS /api/v1/tus", options),
  route("OPTIONS /api/v1/tus/:id", options),
  tus("POST /api/v1/tus", create),
  tus("HEAD /api/v1/tus/:id", head),
  tus("PATCH /api/v1/tus/:id", append),
  tus("DELETE /api/v1/tus/:id", terminate),
  tus("POST /api/v1/tus/:id", overridden),
];
