// Certificates and keys as people have them in files (PEM), looked at before they are used, so that what is wrong with
// them is said in words. Knows no server and no client.
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { AppError, errnoOf } from "./errors.ts";

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

export interface ServerTls {
  /** With the chain, as it stands in the file. */
  readonly cert: string;
  readonly key: string;
  /** The names it is for, wildcards left out, the first being the one to call it by; addresses after names. */
  readonly names: readonly string[];
  /** Nobody trusts it who has not been given it. */
  readonly isSelfSigned: boolean;
  /** When it expires. */
  readonly validTo: Date;
}

async function readPem(path: string, option: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (thrown) {
    const message = `${option}: ${path} cannot be read (${errnoOf(thrown) ?? "unknown error"})`;
    throw new AppError("E_BAD_OPTION", message, "Check the path and its permissions.", { cause: thrown });
  }
}

function parseCertificate(pem: string, path: string, option: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (thrown) {
    const hint = "It begins with -----BEGIN CERTIFICATE-----.";
    throw new AppError("E_BAD_OPTION", `${option}: ${path} is no certificate in PEM`, hint, { cause: thrown });
  }
}

function parseKey(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (thrown) {
    const isLocked = errnoOf(thrown) === "ERR_MISSING_PASSPHRASE";
    const message = `--tls-key: ${path} ${isLocked ? "is protected by a passphrase" : "is no private key in PEM"}`;
    const hint = isLocked
      ? `\`openssl pkey -in ${path} -out key.pem\` writes it without; keep that file to yourself.`
      : "It begins with -----BEGIN PRIVATE KEY-----.";
    throw new AppError("E_BAD_OPTION", message, hint, { cause: thrown });
  }
}

function namesOf(certificate: X509Certificate): string[] {
  const entries = (certificate.subjectAltName ?? "").split(", ");
  const of = (kind: string) => entries.flatMap((entry) => (entry.startsWith(kind) ? [entry.slice(kind.length)] : []));
  return [...of("DNS:").filter((name) => !name.includes("*")), ...of("IP Address:")];
}

/** Errors: E_BAD_OPTION for files that are missing, damaged or do not belong together. */
export async function readServerTls(certPath: string, keyPath: string): Promise<ServerTls> {
  const [cert, key] = await Promise.all([readPem(certPath, "--tls-cert"), readPem(keyPath, "--tls-key")]);
  const certificate = parseCertificate(cert, certPath, "--tls-cert");
  if (!certificate.checkPrivateKey(parseKey(key, keyPath))) {
    const hint =
      "Give the key that the certificate was made with; the server's own certificate comes first in its file.";
    throw new AppError("E_BAD_OPTION", `the key ${keyPath} is not that of the certificate ${certPath}`, hint);
  }
  const isSelfSigned = certificate.issuer === certificate.subject;
  return { cert, key, names: namesOf(certificate), isSelfSigned, validTo: new Date(certificate.validTo) };
}

/** The certificates in a file, to be trusted instead of the system's. Errors: E_BAD_OPTION. */
export async function readTrusted(path: string): Promise<string> {
  const pem = await readPem(path, "--tls-ca");
  for (const block of pem.match(PEM_BLOCK) ?? [pem]) parseCertificate(block, path, "--tls-ca");
  return pem;
}
