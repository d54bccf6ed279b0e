// The calls of S3's multipart upload (docs.aws.amazon.com/AmazonS3/latest/API), each small; who calls them in which order is
// not known here.
import { AppError } from "../../../base/errors.ts";
import { callPlace } from "./call-place.ts";
import type { RemotePlace } from "./places.ts";
import type { Reaching } from "./remote-object.ts";

/** A store may take minutes to join thousands of parts. */
const COMPLETING_MS = 10 * 60_000;
const SLOWEST_BYTES_PER_MS = 64;
const LONGEST_ANSWER = 4 * 1024 * 1024;

export interface StoredPart {
  readonly number: number;
  readonly etag: string;
}

/** How long it may take to send so many bytes. */
export function sendingMs(bytes: number): number {
  return bytes / SLOWEST_BYTES_PER_MS;
}

/** Of a place: its bucket as a place of its own. */
function bucketOf(place: RemotePlace): { readonly bucket: RemotePlace; readonly key: string } {
  const url = new URL(place.url);
  const key = place.key ?? "";
  url.pathname = place.bucketPath ?? "/";
  return { bucket: { ...place, url }, key };
}

async function textOf(answer: Response, moved: () => void): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of answer.body ?? []) {
    moved();
    text += decoder.decode(chunk, { stream: true });
    if (text.length > LONGEST_ANSWER)
      throw new AppError("E_STORE", "the store's answer has no end", "Check its endpoint.");
  }
  return text;
}

function unescapeXml(text: string): string {
  const named: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", "#34": '"', "#39": "'" };
  return text.replace(/&(amp|lt|gt|quot|apos|#34|#39);/g, (whole, name: string) => named[name] ?? whole);
}

/** The texts of all elements of this name. */
function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]{0,4000})</${name}>`, "g"))].map(([, text]) =>
    unescapeXml(text ?? ""),
  );
}

function refused(place: RemotePlace, status: number, xml: string): AppError {
  const code = /^[A-Za-z]{1,60}$/.exec(elements(xml, "Code")[0] ?? "")?.[0];
  const hint = "Check the keys, the bucket and the region of the store in the server's file of stores.";
  return new AppError("E_STORE", `${place.shown} can't be written: ${code ?? status}`, hint);
}

type Call = Parameters<typeof callPlace>[2];

async function ask(reach: Reaching, place: RemotePlace, call: Call): Promise<{ xml: string; headers: Headers }> {
  return await callPlace(reach, place, call, async (answer, moved) => {
    const xml = await textOf(answer, moved);
    if (!answer.ok) throw refused(place, answer.status, xml);
    return { xml, headers: answer.headers };
  });
}

/** The id of the upload. */
export async function beginMultipart(reach: Reaching, place: RemotePlace): Promise<string> {
  const { xml } = await ask(reach, place, { method: "POST", query: { uploads: "" } });
  const [id] = elements(xml, "UploadId");
  if (id === undefined || id === "")
    throw new AppError("E_STORE", `${place.shown}: the store named no upload`, "Try again.");
  return id;
}

export async function putPart(
  reach: Reaching,
  place: RemotePlace,
  uploadId: string,
  part: { readonly number: number; readonly bytes: Uint8Array<ArrayBuffer> },
): Promise<StoredPart> {
  const query = { partNumber: String(part.number), uploadId };
  const call = { method: "PUT", query, body: part.bytes, patienceMs: sendingMs(part.bytes.length) } as const;
  const { headers } = await ask(reach, place, call);
  const etag = headers.get("etag");
  if (etag === null) throw new AppError("E_STORE", `${place.shown}: a part came back without an ETag`, "Try again.");
  return { number: part.number, etag };
}

/** Whether the store took it; false: it does not know the upload, which an earlier call may have ended. */
export async function completeMultipart(
  reach: Reaching,
  place: RemotePlace,
  uploadId: string,
  parts: readonly StoredPart[],
): Promise<boolean> {
  const list = parts.map(({ number, etag }) => {
    const text = etag.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    return `<Part><PartNumber>${number}</PartNumber><ETag>${text}</ETag></Part>`;
  });
  const body = `<CompleteMultipartUpload>${list.join("")}</CompleteMultipartUpload>`;
  const call = { method: "POST", query: { uploadId }, body, patienceMs: COMPLETING_MS } as const;
  return await callPlace(reach, place, call, async (answer, moved) => {
    const xml = await textOf(answer, moved);
    if (answer.status === 404) return false;
    // A failure may come with status 200.
    if (!answer.ok || elements(xml, "Code").length > 0) throw refused(place, answer.status, xml);
    return true;
  });
}

/** An upload that the store does not know is ended already. */
export async function abortMultipart(reach: Reaching, place: RemotePlace, uploadId: string): Promise<void> {
  await callPlace(reach, place, { method: "DELETE", query: { uploadId } }, async (answer, moved) => {
    const xml = await textOf(answer, moved);
    if (!answer.ok && answer.status !== 404) throw refused(place, answer.status, xml);
  });
}

/** Uploads of just this key that have not ended; at most a thousand. */
export async function openMultiparts(reach: Reaching, place: RemotePlace): Promise<string[]> {
  const { bucket, key } = bucketOf(place);
  const { xml } = await ask(reach, bucket, { method: "GET", query: { uploads: "", prefix: key } });
  return [...xml.matchAll(/<Upload>([\s\S]{0,8000}?)<\/Upload>/g)].flatMap(([, upload = ""]) =>
    elements(upload, "Key")[0] === key ? elements(upload, "UploadId") : [],
  );
}

/** Of one request; null: there is no such object. */
export async function objectFacts(
  reach: Reaching,
  place: RemotePlace,
): Promise<{ readonly bytes: number; readonly etag: string | null } | null> {
  return await callPlace(reach, place, { method: "HEAD" }, async (answer) => {
    if (answer.status === 404) return null;
    if (!answer.ok) throw refused(place, answer.status, "");
    return { bytes: Number(answer.headers.get("content-length") ?? Number.NaN), etag: answer.headers.get("etag") };
  });
}
