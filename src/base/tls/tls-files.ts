// Reads certificates and keys from PEM files and checks them before use, so that an error says what is wrong. Knows no server
// and no client.
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { decodeText, NotText } from "../config/decode-text.ts";
import { AppError, errnoOf } from "../errors.ts";
import { fingerprintOf, isSelfSigned, namesIn, pin } from "./trust.ts";

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

export interface ServerTls {
  /** PEM with the chain, as in the file. */
  readonly cert: string;
  readonly key: string;
  /** The names in the certificate, without wildcards: host names first, then addresses. The first is used in join lines. */
  readonly names: readonly string[];
  /** Only those who were given the certificate trust it. */
  readonly isSelfSigned: boolean;
  /** SHA-256 of the certificate, by which clients pin it; null: they need not, or can't. */
  readonly fingerprint: string | null;
  /** When it expires. */
  readonly validTo: Date;
}

async function readPem(path: string, option: string): Promise<string> {
  try {
    return decodeText(await readFile(path));
  } catch (thrown) {
    if (thrown instanceof NotText) return ""; // bytes that are no PEM, which is said where that is parsed
    const message = `${option}: ${path} cannot be read (${errnoOf(thrown) ?? "unknown error"})`;
    throw new AppError("E_BAD_OPTION", message, "Check the path and its permissions.", { cause: thrown });
  }
}

function parseCertificate(pem: string, path: string, option: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (thrown) {
    const hint = "It begins with -----BEGIN CERTIFICATE-----.";
    throw new AppError("E_BAD_OPTION", `${option}: ${path} is not a PEM certificate`, hint, { cause: thrown });
  }
}

function parseKey(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (thrown) {
    const isLocked = errnoOf(thrown) === "ERR_MISSING_PASSPHRASE";
    const message = `--tls-key: ${path} ${isLocked ? "is protected by a passphrase" : "is not a PEM private key"}`;
    const hint = isLocked
      ? `\`openssl pkey -in ${path} -out key.pem\` removes it; keep that file private.`
      : "It begins with -----BEGIN PRIVATE KEY-----.";
    throw new AppError("E_BAD_OPTION", message, hint, { cause: thrown });
  }
}

/** Errors: E_BAD_OPTION for files that are missing, damaged or do not belong together. */
export async function readServerTls(certPath: string, keyPath: string): Promise<ServerTls> {
  const [cert, key] = await Promise.all([readPem(certPath, "--tls-cert"), readPem(keyPath, "--tls-key")]);
  const certificate = parseCertificate(cert, certPath, "--tls-cert");
  if (!certificate.checkPrivateKey(parseKey(key, keyPath))) {
    const hint = "Give the key of that certificate; in the certificate file, the server's own must come first.";
    throw new AppError("E_BAD_OPTION", `the key ${keyPath} does not belong to the certificate ${certPath}`, hint);
  }
  const { hosts, addresses } = namesIn(certificate);
  return {
    cert,
    key,
    names: [...hosts, ...addresses],
    isSelfSigned: isSelfSigned(certificate),
    fingerprint: pin(cert) === null ? null : fingerprintOf(cert),
    validTo: new Date(certificate.validTo),
  };
}

/** Whether other users of this machine can read a file. Windows keeps no such modes. */
export async function isReadByOthers(path: string): Promise<boolean> {
  return process.platform !== "win32" && ((await stat(path)).mode & 0o044) !== 0;
}

/** Reads certificates that are trusted instead of the system's. Errors: E_BAD_OPTION. */
export async function readTrusted(path: string): Promise<string> {
  const pem = await readPem(path, "--tls-ca");
  for (const block of pem.match(PEM_BLOCK) ?? [pem]) parseCertificate(block, path, "--tls-ca");
  return pem;
}
