// What both ends of a resumable upload share: the headers of the IETF's "Resumable Uploads for HTTP"
// (draft-ietf-httpbis-resumable-upload), and blocks with digests of their own. Knows no route.

/** The receiver keeps whole blocks with the right digest, so a cut or a flipped byte costs at most one. */
export const UPLOAD_BLOCK_BYTES = 256 * 1024;
/** Blocks in one PATCH. What follows a flipped byte in it is sent again; a connection of 200 ms still carries 8 MiB/s. */
export const MOST_UPLOAD_BLOCKS = 8;

export const UPLOAD_HEADERS = {
  offset: "upload-offset",
  length: "upload-length",
  /** `?1` in a request: these are the last bytes. In an answer: the receiver has the whole file. */
  complete: "upload-complete",
  /** SHA-256 of each block of the body, in order, separated by commas; the last block may be short. */
  blocks: "x-ffcluster-block-sha256",
} as const;

const PARTIAL_UPLOAD = "application/partial-upload";

export interface UploadState {
  /** Bytes that the receiver has; it expects the next one. */
  readonly offset: number;
  readonly isComplete: boolean;
}

/** What the sender appends. */
export interface UploadPiece {
  readonly offset: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly digests: readonly string[];
  /** With these bytes the file is whole. */
  readonly isLast: boolean;
}

/** The same for the receiver, whose bytes still have to arrive. */
export interface UploadAppend {
  readonly offset: number;
  /** Null: the sender names none (tus), and every byte is kept as it comes. */
  readonly digests: readonly string[] | null;
  readonly isLast: boolean;
  readonly body: ReadableStream<Uint8Array> | null;
  /** Aborted when the sender may send no more. */
  readonly ended?: AbortSignal;
}

export function headersOfPiece(piece: UploadPiece): Record<string, string> {
  return {
    "content-type": PARTIAL_UPLOAD,
    [UPLOAD_HEADERS.offset]: String(piece.offset),
    [UPLOAD_HEADERS.complete]: booleanField(piece.isLast),
    [UPLOAD_HEADERS.blocks]: piece.digests.join(","),
  };
}

/** `bytes`: the size of the whole; only in answers to HEAD. */
export function headersOfState(state: UploadState, bytes?: number): Record<string, string> {
  return {
    [UPLOAD_HEADERS.offset]: String(state.offset),
    ...(bytes === undefined ? {} : { [UPLOAD_HEADERS.length]: String(bytes) }),
    [UPLOAD_HEADERS.complete]: booleanField(state.isComplete),
  };
}

/** Null when the answer is not about an upload. */
export function stateOfHeaders(headers: Headers): UploadState | null {
  const offset = offsetOf(headers);
  return offset === null ? null : { offset, isComplete: headers.get(UPLOAD_HEADERS.complete) === "?1" };
}

/** Null when the request is not an append. */
export function appendOfRequest(request: Request, ended: AbortSignal): UploadAppend | null {
  const { headers, body } = request;
  const offset = offsetOf(headers);
  const text = headers.get(UPLOAD_HEADERS.blocks)?.replaceAll(" ", "").toLowerCase() ?? "";
  const digests = text === "" ? [] : text.split(",");
  if (offset === null || digests.length > MOST_UPLOAD_BLOCKS) return null;
  if (!digests.every((digest) => /^[0-9a-f]{64}$/.test(digest))) return null;
  return { offset, digests, isLast: headers.get(UPLOAD_HEADERS.complete) === "?1", body, ended };
}

function offsetOf(headers: Headers): number | null {
  const text = headers.get(UPLOAD_HEADERS.offset);
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** A boolean as RFC 9651 writes it. */
function booleanField(value: boolean): string {
  return value ? "?1" : "?0";
}
