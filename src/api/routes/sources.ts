// Sources: uploaded as a raw body, proven to be readable on this machine, or named below a media root; and their blocks.
import { AppError } from "../../base/errors.ts";
import { WIRE } from "../../cluster/server/ports.ts";
import { API_PREFIX, localProofSchema, localSourceSchema, serverSourceSchema } from "../contract.ts";
import { json, readJson } from "../responses.ts";
import { type Call, type Route, route } from "../router.ts";

const MAX_NAME_LENGTH = 1000;

function declaredLength(request: Request): number {
  const text = request.headers.get("content-length");
  if (text === null || !/^\d{1,15}$/.test(text)) {
    throw new AppError("E_MALFORMED", "content-length is missing", "Send the exact length of the file.");
  }
  return Number(text);
}

function sourceName(request: Request): string {
  const header = request.headers.get(WIRE.headers.name);
  const hint = `Send the file's name, URI-encoded, in ${WIRE.headers.name}.`;
  if (header === null) throw new AppError("E_MALFORMED", `${WIRE.headers.name} is missing`, hint);
  let name: string;
  try {
    name = decodeURIComponent(header);
  } catch (cause) {
    throw new AppError("E_MALFORMED", `${WIRE.headers.name} is not URI-encoded`, hint, { cause });
  }
  // Any path is the sender's business; a name is its last part, on every platform.
  const last = name.split(/[/\\]/).at(-1) ?? "";
  if (last === "" || last === "." || last === ".." || last.length > MAX_NAME_LENGTH || last.includes("\0")) {
    throw new AppError("E_MALFORMED", `${WIRE.headers.name} is not a file name`, hint);
  }
  return last;
}

async function upload({ coordinator, request }: Call): Promise<Response> {
  const name = sourceName(request);
  const bytes = declaredLength(request);
  const sha256 = request.headers.get(WIRE.headers.sha256)?.toLowerCase() ?? null;
  if (bytes === 0 || request.body === null) {
    throw new AppError("E_SOURCE_EMPTY", `${name} is empty`, "Give a video file.");
  }
  return json(await coordinator.receiveSource(name, bytes, request.body, sha256), 201);
}

async function block({ coordinator, param }: Call): Promise<Response> {
  const number = param("n");
  if (!/^\d{1,12}$/.test(number)) {
    throw new AppError("E_MALFORMED", `${JSON.stringify(number)} is not a block number`, "Blocks count from 0.");
  }
  const found = await coordinator.sourceBlock(param("id"), Number(number));
  const headers = { "content-type": "application/octet-stream", [WIRE.headers.sha256]: found.sha256 };
  return new Response(found.bytes as Uint8Array<ArrayBuffer>, { headers });
}

export const sourceRoutes: readonly Route[] = [
  route("POST", `${API_PREFIX}/sources`, upload),
  route("POST", `${API_PREFIX}/sources/local`, async ({ coordinator, request }) => {
    const file = await readJson(request, localSourceSchema);
    return json(await coordinator.challengeLocalSource(file.path, file.bytes, file.mtime_ms), 201);
  }),
  route("POST", `${API_PREFIX}/sources/on-server`, async ({ coordinator, request }) => {
    const { path } = await readJson(request, serverSourceSchema);
    return json(await coordinator.openServerSource(path), 201);
  }),
  route("POST", `${API_PREFIX}/sources/local/:challengeId`, async ({ coordinator, request, param }) => {
    const { digests } = await readJson(request, localProofSchema);
    return json(await coordinator.proveLocalSource(param("challengeId"), digests), 201);
  }),
  route("GET", `${API_PREFIX}/sources/:id/blocks/:n`, block),
];
