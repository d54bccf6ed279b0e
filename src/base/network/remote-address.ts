// Addresses of sources and outputs that lie in object stores or on web hosts, as people write them.

/** `s3://bucket/key`, `s3+STORE://bucket/key`, `https://…`; `http://` too, which a server may refuse. */
export function isRemoteAddress(text: string): boolean {
  return /^(?:https?|s3(?:\+[a-z0-9-]+)?):\/\//i.test(text);
}

/** For people, logs and answers: without the query, which may hold the keys of a signed address. Never throws. */
export function shownAddress(text: string): string {
  if (/^s3[+:]/i.test(text)) return text;
  const url = URL.parse(text);
  if (url === null) return "an address";
  return `${url.protocol}//${url.host}${url.pathname}${url.search === "" ? "" : "?…"}`;
}

/** The last part of its path, as a file would be called. */
export function nameOfAddress(text: string): string {
  const path = /^s3[+:]/i.test(text) ? text : (URL.parse(text)?.pathname ?? "");
  const last = path.split("/").at(-1) ?? "";
  const name = decoded(last)
    .replace(/[\p{Cc}/\\]/gu, "_")
    .slice(0, 200);
  return name === "" || name === "." || name === ".." || !name.isWellFormed() ? "source" : name;
}

/** A stray percent sign leaves the text as it is written. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (thrown) {
    if (thrown instanceof URIError) return text;
    throw thrown;
  }
}
