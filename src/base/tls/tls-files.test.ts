import { expect, test } from "bun:test";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../errors.ts";
import { isReadByOthers, readServerTls, readTrusted } from "./tls-files.ts";

const fixture = (name: string) => join(import.meta.dir, "../../../test/fixtures/tls", name);

async function refusal(work: Promise<unknown>): Promise<string> {
  const thrown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(thrown instanceof AppError)) throw new Error(`no refusal: ${thrown}`);
  expect(thrown.code).toBe("E_BAD_OPTION");
  return thrown.message;
}

test("a certificate and its key, with the names it is for", async () => {
  const tls = await readServerTls(fixture("cert.pem"), fixture("key.pem"));
  expect(tls).toMatchObject({ names: ["localhost", "cluster.test", "127.0.0.1"], isSelfSigned: true });
  expect(tls.validTo.getTime()).toBeGreaterThan(Date.parse("2100-01-01"));
  expect(await readTrusted(fixture("cert.pem"))).toBe(tls.cert);
});

test("a file with a byte order mark, or in UTF-16, is read like any other; a certificate in DER is none", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ffcluster-pem-"));
  const path = join(folder, "ca.pem");
  const pem = await Bun.file(fixture("cert.pem")).text();
  await writeFile(path, `\ufeff${pem}`, "utf16le");
  expect(await readTrusted(path)).toBe(pem);
  await writeFile(path, Buffer.from(pem.replace(/-----.*-----/g, ""), "base64"));
  expect(await refusal(readTrusted(path))).toContain("is not a PEM certificate");
  await rm(folder, { recursive: true });
});

test("what does not fit, or is something else, is refused by name", async () => {
  expect(await refusal(readServerTls(fixture("cert.pem"), fixture("other-key.pem")))).toMatch(
    /other-key\.pem does not belong to the certificate .*\/cert\.pem$/,
  );
  expect(await refusal(readServerTls(fixture("key.pem"), fixture("key.pem")))).toContain("is not a PEM certificate");
  expect(await refusal(readServerTls(fixture("cert.pem"), fixture("cert.pem")))).toContain("is not a PEM private key");
  expect(await refusal(readServerTls(fixture("none.pem"), fixture("key.pem")))).toContain("cannot be read (ENOENT)");
  expect(await refusal(readTrusted(fixture("README.md")))).toMatch(/^--tls-ca: .* is not a PEM certificate$/);
});

test.skipIf(process.platform === "win32")("a key that others can read is told from one that they can't", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ffcluster-key-"));
  const path = join(folder, "key.pem");
  await writeFile(path, "");
  const seen: boolean[] = [];
  for (const mode of [0o600, 0o640, 0o604]) {
    await chmod(path, mode);
    seen.push(await isReadByOthers(path));
  }
  expect(seen).toEqual([false, true, true]);
  await rm(folder, { recursive: true });
});
