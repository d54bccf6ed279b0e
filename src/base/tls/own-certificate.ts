// The certificate that a server makes for itself: clients know it by its fingerprint, so it holds one constant name and no
// address, and lives as long as the work directory (ADR 21).
import "reflect-metadata"; // x509 throws without it
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { readIfThere, writeOwnerOnly } from "../config/secret-file.ts";
import { AppError } from "../errors.ts";
import { readServerTls, type ServerTls } from "./tls-files.ts";
import { OWN_NAME } from "./trust.ts";

const DAY_MS = 86_400_000;
const LIFE_MS = 3650 * DAY_MS;
/** Clients whose clock is behind must not find it too young. */
const BACKDATED_MS = 30 * DAY_MS;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

async function makeCertificate(now: number): Promise<{ readonly cert: string; readonly key: string }> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=ffcluster",
    notBefore: new Date(now - BACKDATED_MS),
    notAfter: new Date(now + LIFE_MS),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([{ type: "dns", value: OWN_NAME }]),
    ],
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { cert: `${certificate.toString("pem")}\n`, key: `${PemConverter.encode(key, "PRIVATE KEY")}\n` };
}

function keyLost(folder: string): AppError {
  return new AppError(
    "E_WORK_DIR",
    `${join(folder, "cert.pem")} is there, but its key ${join(folder, "key.pem")} is not`,
    `Put the key back. Or remove ${folder}: the server makes another certificate, and every client needs the new join line.`,
  );
}

/**
 * The server's own certificate, kept in `WORK_DIR/tls`, mode 0600; made at the first call.
 * Errors: E_WORK_DIR when half of it is missing; E_BAD_OPTION when a file is damaged.
 */
export async function ownCertificate(workDir: string): Promise<ServerTls> {
  const folder = join(workDir, "tls");
  const [certPath, keyPath] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const [cert, key] = await Promise.all([readIfThere(certPath), readIfThere(keyPath)]);
  if (cert === null) {
    const made = await makeCertificate(Date.now());
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeOwnerOnly(keyPath, made.key); // first: a certificate that is there has its key
    await writeOwnerOnly(certPath, made.cert);
  } else if (key === null) throw keyLost(folder);
  return { ...(await readServerTls(certPath, keyPath)), names: [] }; // its one name is no address
}
