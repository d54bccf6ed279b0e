// What the two ends of a resumable upload agree on: the headers, in the words of the IETF's "Resumable Uploads for
// HTTP" (draft-ietf-httpbis-resumable-upload), and the blocks whose digests travel beside the bytes. Knows no route.

/** The receiver keeps whole blocks whose digest is right: what a cut or a flipped byte costs at most. */
export const UPLOAD_BLOCK_BYTES = 256 * 1024;
/** Blocks in one PATCH: what follows a flipped byte in it is sent again, and a line of 200 ms still carries 8 MiB/s. */
export const MOST_UPLOAD_BLOCKS = 8;

export const UPLOAD_HEADERS = {
  offset: "upload-offset",
  length: "upload-length",
  /** `?1` in a request: these are the last bytes; in an answer: the receiver has taken the whole. */
  complete: "upload-complete",
  /** SHA-256 of each block of the body, in order, separated by commas; the last block may be short. */
  blocks: "x-ffcluster-block-sha256",
} as const;

const PARTIAL_UPLOAD = "application/partial-upload";

export interface UploadState {
  /** Bytes that the receiver has; the next one is wanted. */
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

/** The same as the receiver sees it, its bytes still on their way. */
export interface UploadAppend {
  readonly offset: number;
  readonly digests: readonly string[];
  readonly isLast: boolean;
  readonly body: ReadableStream<Uint8Array> | null;
}

export function headersOfPiece(piece: UploadPiece): Record<string, string> {
  return {
    "content-type": PARTIAL_UPLOAD,
    [UPLOAD_HEADERS.offset]: String(piece.offset),
    [UPLOAD_HEADERS.complete]: booleanField(piece.isLast),
    [UPLOAD_HEADERS.blocks]: piece.digests.join(","),
  };
}

/** `bytes`: of the whole; told to who asks, not with every piece. */
export function headersOfState(state: UploadState, bytes?: number): Record<string, string> {
  return {
    [UPLOAD_HEADERS.offset]: String(state.offset),
    ...(bytes === undefined ? {} : { [UPLOAD_HEADERS.length]: String(bytes) }),
    [UPLOAD_HEADERS.complete]: booleanField(state.isComplete),
  };
}

/** Null when the answer says nothing of an upload. */
export function stateOfHeaders(headers: Headers): UploadState | null {
  const offset = offsetOf(headers);
  return offset === null ? null : { offset, isComplete: headers.get(UPLOAD_HEADERS.complete) === "?1" };
}

/** Null when the request is no such append. */
export function appendOfRequest(request: Request): UploadAppend | null {
  const { headers, body } = request;
  const offset = offsetOf(headers);
  const text = headers.get(UPLOAD_HEADERS.blocks)?.replaceAll(" ", "").toLowerCase() ?? "";
  const digests = text === "" ? [] : text.split(",");
  if (offset === null || digests.length > MOST_UPLOAD_BLOCKS) return null;
  if (!digests.every((digest) => /^[0-9a-f]{64}$/.test(digest))) return null;
  return { offset, digests, isLast: headers.get(UPLOAD_HEADERS.complete) === "?1", body };
}

function offsetOf(headers: Headers): number | null {
  const text = headers.get(UPLOAD_HEADERS.offset);
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** A boolean as RFC 9651 writes it. */
function booleanField(value: boolean): string {
  return value ? "?1" : "?0";
}
