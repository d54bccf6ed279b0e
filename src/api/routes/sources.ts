// Routes of sources: upload in pieces, proof that a local file can be read here, files below a media root; and their blocks.
import { AppError } from "../../base/errors.ts";
import { appendOfRequest, headersOfState } from "../../base/upload/resumable-upload.ts";
import { HEADER_SHA256 } from "../../cluster/protocol/messages.ts";
import {
  API_PREFIX,
  localProofSchema,
  localSourceSchema,
  previewSchema,
  serverSourceSchema,
  uploadSchema,
} from "../contract.ts";
import { json, noAppend, readJson } from "../responses.ts";
import { type Call, type Route, route } from "../router.ts";
import { sourceName } from "../source-name.ts";
import { endingBody } from "./ending-body.ts";
import { idempotencyOf, REPLAYED } from "./idempotency.ts";

async function begin(call: Call): Promise<Response> {
  const { coordinator, who, about, spend } = call;
  const wanted = await readJson(call, uploadSchema);
  spend("sources");
  const named = { ...wanted, name: sourceName(wanted.name) };
  const once = idempotencyOf(call, wanted);
  const { upload, isNew } =
    once === null
      ? { upload: await coordinator.beginUpload(named, who), isNew: true }
      : await coordinator.beginUploadOnce(named, who, once);
  about(upload.source_id);
  const location = `${API_PREFIX}/sources/${upload.source_id}`;
  return json(upload, 201, { location, ...(isNew ? {} : REPLAYED) });
}

async function state({ coordinator, param }: Call): Promise<Response> {
  const { bytes, ...found } = await coordinator.uploadState(param("id"));
  return new Response(null, { status: 204, headers: headersOfState(found, bytes) });
}

async function append({ coordinator, request, param, who }: Call): Promise<Response> {
  const piece = appendOfRequest(request, who.ended);
  if (piece === null) throw noAppend();
  const sha256 = request.headers.get(HEADER_SHA256)?.toLowerCase() ?? null;
  const { source, ...found } = await coordinator.appendUpload(param("id"), piece, sha256);
  return json({ offset: found.offset, source }, 200, headersOfState(found));
}

async function block({ coordinator, param, who, cutWhenEnded, hasMoved }: Call): Promise<Response> {
  const number = param("n");
  if (!/^\d{1,12}$/.test(number)) {
    throw new AppError("E_MALFORMED", `${JSON.stringify(number)} is not a block number`, "Blocks count from 0.");
  }
  const found = await coordinator.sourceBlock(param("id"), Number(number));
  const headers = { "content-type": "application/octet-stream", [HEADER_SHA256]: found.sha256 };
  const bytes = found.bytes as Uint8Array<ArrayBuffer>;
  return new Response(cutWhenEnded() ? bytes : endingBody(new Blob([bytes]), who.ended, hasMoved), { headers });
}

async function preview(call: Call): Promise<Response> {
  const { coordinator, request, param, who, spend } = call;
  const { ffmpeg_params: ffmpegParams } = await readJson(call, previewSchema);
  spend("sources");
  const signal = AbortSignal.any([request.signal, who.ended]);
  return json(await coordinator.previewSource(param("id"), ffmpegParams, signal));
}

export const sourceRoutes: readonly Route[] = [
  route("POST /api/v1/sources", begin),
  route("HEAD /api/v1/sources/:id", state),
  route("PATCH /api/v1/sources/:id", append),
  route("POST /api/v1/sources/:id/preview", preview),
  route("POST /api/v1/sources/local", async (call) => {
    const { coordinator, about, spend } = call;
    const file = await readJson(call, localSourceSchema);
    spend("sources");
    about(file.path);
    return json(await coordinator.challengeLocalSource(file.path, file.bytes, file.mtime_ms), 201);
  }),
  route("POST /api/v1/sources/on-server", async (call) => {
    const { coordinator, who, about, spend } = call;
    const { path } = await readJson(call, serverSourceSchema);
    spend("sources");
    about(path);
    return json(await coordinator.openServerSource(path, who), 201);
  }),
  route("POST /api/v1/sources/local/:challengeId", async (call) => {
    const { coordinator, param, who } = call;
    const { digests } = await readJson(call, localProofSchema);
    return json(await coordinator.proveLocalSource(param("challengeId"), digests, who), 201);
  }),
  route("GET /api/v1/sources/:id/blocks/:n", block),
];
