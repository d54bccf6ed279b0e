// Pages of lists: `limit`, `cursor` and `order` in the query; the answer is the array, and `Link` leads to the next page
// (RFC 8288), so that who knows nothing of pages reads the same array as ever.
import { AppError } from "../../base/errors.ts";
import type { Page, PageWanted } from "../../cluster/server/lists.ts";
import { json } from "../responses.ts";

interface PageAsked {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  readonly order: "asc" | "desc";
}

/** Errors: E_MALFORMED. */
export function pageWanted({ limit, cursor, order }: PageAsked): PageWanted {
  return {
    limit: limit ?? null,
    after: cursor === undefined ? null : keyOf(cursor),
    isDescending: order === "desc",
  };
}

const cursorOf = (key: string): string => Buffer.from(key).toString("base64url");

/** What the last item of the page before is known by. Errors: E_MALFORMED. */
export function keyOf(cursor: string): string {
  const key = Buffer.from(cursor, "base64url").toString();
  if (key !== "" && cursorOf(key) === cursor) return key;
  throw noCursor(cursor);
}

/** Of a cursor that is a number. Errors: E_MALFORMED. */
export function numberOf(cursor: string): number {
  const key = keyOf(cursor);
  if (/^\d{1,15}$/.test(key)) return Number(key);
  throw noCursor(cursor);
}

function noCursor(cursor: string): AppError {
  const hint = "Follow the Link header of the page before as it is.";
  return new AppError("E_MALFORMED", `${JSON.stringify(cursor)} is no cursor`, hint);
}

export function pageResponse({ items, next }: Page<unknown>, url: URL): Response {
  if (next === null) return json(items);
  const query = new URLSearchParams(url.searchParams);
  query.set("cursor", cursorOf(next));
  return json(items, 200, { link: `<${url.pathname}?${query}>; rel="next"` });
}
