// Where an archive comes from: the URL that the lock names, or the same file on a mirror. What may be asked, and what may be
// said of it: no password of a URL reaches a message.
import { AppError } from "../base/errors.ts";

/** Null: not a URL. */
export function urlOf(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** https, or http that does not leave this machine. */
export function isSafeUrl(url: URL | null): boolean {
  if (url === null) return false;
  return url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK.test(url.hostname));
}

/**
 * A mirror's folder. Plain http is allowed: the digest of the lock decides what is unpacked, and the user named the host.
 * Errors: E_BAD_OPTION.
 */
export function parseMirror(text: string): URL {
  const url = urlOf(text);
  if (url === null || !["https:", "http:"].includes(url.protocol)) {
    const hint =
      "For example --mirror https://files.example.com/ffmpeg, a folder that holds the archives by their names.";
    throw new AppError("E_BAD_OPTION", `${JSON.stringify(text)} is not an http or https URL`, hint);
  }
  url.hash = "";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

export function sourceUrl(archive: { readonly url: string; readonly file: string }, mirror: URL | null): string {
  if (mirror === null) return archive.url;
  const url = new URL(encodeURIComponent(archive.file), mirror);
  url.search = mirror.search; // a signature, perhaps
  return url.href;
}

/** Without user, password and query. */
export function shownUrl(text: string): string {
  const url = urlOf(text);
  if (url === null) return text;
  url.username = "";
  url.password = "";
  url.search = "";
  return url.href;
}

/** Whether a redirect may be followed: never from https down to http. */
export function mayFollow(from: URL, to: URL): boolean {
  return to.protocol === "https:" || (to.protocol === "http:" && from.protocol === "http:");
}
