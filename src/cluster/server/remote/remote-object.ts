// What a remote source is when its job is made, and its bytes later: each read names the state that it was in, so that bytes
// of two states never mix.
import { AppError } from "../../../base/errors.ts";
import type { ByteRange } from "../../transfer/blocks.ts";
import { type CallPolicy, callPlace } from "./call-place.ts";
import type { Places, RemotePlace } from "./places.ts";

/** The state of an object; kept with its job. */
export interface ObjectState {
  readonly bytes: number;
  /** Strong (RFC 9110 §8.8.1). */
  readonly etag: string;
  /** Of stores that keep versions. */
  readonly versionId?: string;
  /** 0: it does not say. */
  readonly mtimeMs: number;
}

/** An object that can't be read in place; a copy of it could be used. */
export class Unstable extends AppError {}

export interface Reaching {
  readonly places: Places;
  readonly policy: CallPolicy;
  readonly signal: AbortSignal;
}

const COPY = "With --copy-source the server copies it first.";

function missing(place: RemotePlace): AppError {
  return new AppError("E_SOURCE_MISSING", `${place.shown} does not exist`, "Check the address.");
}

function withheld(place: RemotePlace, status: number): AppError {
  const hint =
    place.signer === null
      ? "Check the address; one that was signed beforehand may have expired."
      : "The keys of the server's store may not read it.";
  return new AppError("E_SOURCE_REFUSED", `${place.shown} may not be read (${status})`, hint);
}

function changed(place: RemotePlace): AppError {
  const hint = "Submit it again once nothing writes to it.";
  return new AppError("E_SOURCE_CHANGED", `the source ${place.shown} has changed since the job was created`, hint);
}

function requirePlainBody(answer: Response, place: RemotePlace): void {
  const coding = answer.headers.get("content-encoding") ?? "identity";
  if (coding === "identity") return;
  throw new AppError("E_SOURCE_REFUSED", `${place.shown} is sent as ${coding}`, "Ask its host for the file as it is.");
}

/** `bytes START-END/TOTAL` (RFC 9110 §14.4). */
function contentRange(answer: Response): { start: number; last: number; total: number } | null {
  const match = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/.exec(answer.headers.get("content-range") ?? "");
  return match === null ? null : { start: Number(match[1]), last: Number(match[2]), total: Number(match[3]) };
}

function stateOf(answer: Response, place: RemotePlace): ObjectState {
  const range = contentRange(answer);
  if (answer.status === 200 || range === null)
    throw new Unstable("E_SOURCE_REFUSED", `${place.shown} can't be read in ranges`, COPY);
  if (!Number.isSafeInteger(range.total)) throw new AppError("E_TOO_LARGE", `${place.shown} is too large`, COPY);
  const etag = answer.headers.get("etag");
  if (etag === null || !/^"[^"]{1,500}"$/.test(etag)) {
    const has = etag === null ? "no ETag" : "only a weak ETag";
    const message = `${place.shown} has ${has}: nobody could tell if it changes while it is encoded`;
    throw new Unstable("E_SOURCE_REFUSED", message, COPY);
  }
  const versionId = answer.headers.get("x-amz-version-id");
  const mtimeMs = Date.parse(answer.headers.get("last-modified") ?? "");
  return {
    bytes: range.total,
    etag,
    ...(place.signer === null || versionId === null || versionId === "null" ? {} : { versionId }),
    mtimeMs: Number.isFinite(mtimeMs) ? mtimeMs : 0,
  };
}

/** Errors: Unstable, E_SOURCE_MISSING, E_SOURCE_EMPTY, E_SOURCE_REFUSED, and those of callPlace. */
export async function lookAt(reach: Reaching, place: RemotePlace): Promise<ObjectState> {
  // Not HEAD: an address that is signed for GET refuses it, and only a range shows that ranges work.
  const call = { method: "GET", headers: { range: "bytes=0-0" } } as const;
  return await callPlace(reach, place, call, async (answer) => {
    await answer.body?.cancel();
    const { status } = answer;
    if (status === 404 || status === 410) throw missing(place);
    if (status === 416) throw new AppError("E_SOURCE_EMPTY", `${place.shown} is empty`, "Check it: it has no bytes.");
    if (status !== 200 && status !== 206) throw withheld(place, status);
    requirePlainBody(answer, place);
    return stateOf(answer, place);
  });
}

/** Exactly the bytes of the range, of the object as it was. Errors: E_SOURCE_CHANGED, E_SOURCE_REFUSED, those of callPlace. */
export async function readObject(
  reach: Reaching,
  place: RemotePlace,
  state: ObjectState,
  range: ByteRange,
): Promise<Uint8Array> {
  const query = state.versionId === undefined ? {} : { versionId: state.versionId };
  const headers = { range: `bytes=${range.start}-${range.end - 1}`, "if-match": state.etag };
  return await callPlace(reach, place, { method: "GET", query, headers }, async (answer, moved) => {
    try {
      requireSame(answer, place, state, range);
      return await readExactly(answer, range.end - range.start, moved);
    } catch (thrown) {
      await answer.body?.cancel().catch(() => undefined); // it may have broken already
      throw thrown;
    }
  });
}

function requireSame(answer: Response, place: RemotePlace, state: ObjectState, range: ByteRange): void {
  const { status } = answer;
  if ([404, 410, 412, 416, 200].includes(status)) throw changed(place);
  if (status !== 206) throw withheld(place, status);
  requirePlainBody(answer, place);
  const got = contentRange(answer);
  const etag = answer.headers.get("etag");
  if (got === null || got.total !== state.bytes || (etag !== null && etag !== state.etag)) throw changed(place);
  // Another range than was asked for is allowed, and of no use.
  if (got.start !== range.start || got.last !== range.end - 1) throw new Error("it sent another range");
}

async function readExactly(answer: Response, wanted: number, moved: () => void): Promise<Uint8Array> {
  const bytes = new Uint8Array(wanted);
  let filled = 0;
  for await (const chunk of answer.body ?? []) {
    moved();
    if (filled + chunk.length > wanted) throw new Error("it sent more than was asked for");
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  if (filled < wanted) throw new Error("the connection broke");
  return bytes;
}

/** Why the object is not what it was; null: it is. */
export async function objectionTo(reach: Reaching, place: RemotePlace, state: ObjectState): Promise<AppError | null> {
  try {
    await readObject(reach, place, state, { start: 0, end: 1 });
    return null;
  } catch (thrown) {
    reach.signal.throwIfAborted();
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
}
