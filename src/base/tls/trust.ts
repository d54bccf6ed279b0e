// Which certificates a call to the server believes, and how one certificate is named to people: by its fingerprint.
import { createHash, X509Certificate } from "node:crypto";

/** The one name in a certificate that a server makes for itself. It never resolves (RFC 6761). */
export const OWN_NAME = "ffcluster.invalid";

/** As `fetch` and `WebSocket` take it. All calls share one object, so that it is parsed once. */
export interface Trust {
  /** PEM: trusted instead of the system's authorities. */
  readonly ca: string;
  /** Of a pinned certificate: the name in it, which counts whatever the server's address is. */
  readonly serverName?: string;
}

/** SHA-256 of a certificate, or of the first in a PEM text: 64 hex digits. */
export function fingerprintOf(certificate: X509Certificate | string): string {
  const { raw } = typeof certificate === "string" ? new X509Certificate(certificate) : certificate;
  return createHash("sha256").update(raw).digest("hex");
}

/** Takes the forms of openssl (colons, upper case) and a prefix `sha256:`; null: it is none. */
export function parseFingerprint(text: string): string | null {
  const digits = text
    .trim()
    .toLowerCase()
    .replace(/^sha-?256[:=]/, "")
    .replaceAll(":", "");
  return /^[0-9a-f]{64}$/.test(digits) ? digits : null;
}

/** The host names in a certificate, without wildcards, and its addresses. */
export function namesIn(certificate: X509Certificate): { readonly hosts: string[]; readonly addresses: string[] } {
  const entries = (certificate.subjectAltName ?? "").split(", ");
  const of = (kind: string) => entries.flatMap((entry) => (entry.startsWith(kind) ? [entry.slice(kind.length)] : []));
  return { hosts: of("DNS:").filter((name) => !name.includes("*")), addresses: of("IP Address:") };
}

export function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.issuer === certificate.subject && certificate.verify(certificate.publicKey);
}

/** Believes this certificate alone, at any address. Null: it can't be pinned, because an authority signed it or it names no host. */
export function pin(pem: string): Trust | null {
  const certificate = new X509Certificate(pem);
  const serverName = namesIn(certificate).hosts[0];
  return serverName === undefined || !isSelfSigned(certificate) ? null : { ca: pem, serverName };
}
