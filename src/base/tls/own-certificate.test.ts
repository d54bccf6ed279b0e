import { afterEach, beforeEach, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownCertificate } from "./own-certificate.ts";
import { fingerprintOf, OWN_NAME, parseFingerprint, pin } from "./trust.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-own-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const pemOf = (name: string) => readFile(join(import.meta.dir, "../../../test/fixtures/tls", name), "utf8");

test("one certificate for a work directory: P-256, ten years, one constant name, for the owner alone", async () => {
  const made = await ownCertificate(folder);
  const certificate = new X509Certificate(made.cert);
  expect(certificate.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: "prime256v1" });
  expect(certificate.subjectAltName).toBe(`DNS:${OWN_NAME}`);
  expect(certificate.ca).toBe(false);
  const years = (Date.parse(certificate.validTo) - Date.now()) / (365 * 86_400_000);
  expect(years).toBeCloseTo(10, 1);
  expect(Date.parse(certificate.validFrom)).toBeLessThan(Date.now() - 86_400_000);
  expect(made).toMatchObject({ names: [], isSelfSigned: true, fingerprint: fingerprintOf(certificate) });
  for (const name of ["cert.pem", "key.pem"]) {
    expect((await stat(join(folder, "tls", name))).mode & 0o777).toBe(process.platform === "win32" ? 0o666 : 0o600);
  }
  expect(await ownCertificate(folder)).toEqual(made);
  const other = await ownCertificate(join(folder, "other"));
  expect(other.fingerprint).not.toBe(made.fingerprint);
  expect(pin(made.cert)).toEqual({ ca: made.cert, serverName: OWN_NAME });
});

test("a start that ended between key and certificate makes both anew; a lost key is never replaced in silence", async () => {
  await ownCertificate(folder);
  await rm(join(folder, "tls", "cert.pem"));
  const made = await ownCertificate(folder);
  await rm(join(folder, "tls", "key.pem"));
  await expect(ownCertificate(folder)).rejects.toMatchObject({ code: "E_WORK_DIR" });
  await writeFile(join(folder, "tls", "key.pem"), await pemOf("key.pem"));
  await expect(ownCertificate(folder)).rejects.toThrow("does not belong to the certificate");
  expect(await readFile(join(folder, "tls", "cert.pem"), "utf8")).toBe(made.cert);
});

test("fingerprints are written in several ways", async () => {
  const hex = fingerprintOf(await pemOf("cert.pem"));
  expect(fingerprintOf(new X509Certificate(await pemOf("cert.pem")))).toBe(hex);
  const colons = hex.toUpperCase().match(/../g)?.join(":") ?? "";
  for (const form of [hex, colons, `sha256:${hex}`, `SHA256=${colons}`, ` ${hex} `])
    expect(parseFingerprint(form)).toBe(hex);
  for (const form of ["", hex.slice(1), `${hex}0`, `g${hex.slice(1)}`, "sha1:00"])
    expect(parseFingerprint(form)).toBeNull();
});
