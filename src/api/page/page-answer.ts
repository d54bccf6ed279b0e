// Answers of the dashboard's own paths: "/" and the files that its page names. They are the same for everyone and hold
// nothing of this server, so they need no token; what the page shows, it asks the API for.
import type { PageFile } from "./page-files.ts";

/**
 * Scripts, styles and requests of this server alone; no form leaves, no frame shows it, and text becomes a script's address
 * only by the page's one rule (Trusted Types), which takes its own.
 */
export const PAGE_POLICY = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:", "connect-src 'self'", "worker-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
  ...["require-trusted-types-for 'script'", "trusted-types ffcluster"],
].join("; ");

/** Their names change with their content; that of the page does not. */
const FOR_EVER = "public, max-age=31536000, immutable";
const ASK_AGAIN = "no-cache";
const MAY_BE_FILE = /^\/(?:[\w.-]+\.[a-z]+\d?)?$/;

function takesGzip(request: Request): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(request.headers.get("accept-encoding") ?? "");
}

function answerOf(file: PageFile, request: Request, isPage: boolean): Response {
  const isPacked = takesGzip(request);
  const etag = isPacked ? file.etag.replace(/"$/, '-gzip"') : file.etag;
  const headers = {
    "content-type": file.type,
    "cache-control": isPage ? ASK_AGAIN : FOR_EVER,
    "content-security-policy": PAGE_POLICY,
    etag,
    vary: "accept-encoding",
    ...(isPacked ? { "content-encoding": "gzip" } : {}),
  };
  const known = request.headers.get("if-none-match")?.split(",") ?? [];
  if (known.some((tag) => tag.trim() === etag)) return new Response(null, { status: 304, headers });
  return new Response(isPacked ? file.gzip : file.bytes, { headers });
}

/** Null: it is no path of the page. */
export async function pageAnswer(request: Request): Promise<Response | null> {
  if (request.method !== "GET" && request.method !== "HEAD") return null;
  const { pathname } = new URL(request.url);
  if (!MAY_BE_FILE.test(pathname)) return null;
  const { pageFiles } = await import("./page-files.ts"); // commands start without them
  const file = (await pageFiles()).get(pathname);
  return file === undefined ? null : answerOf(file, request, pathname === "/");
}
