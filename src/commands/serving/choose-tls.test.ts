// What `serve` says of the keys that it is given.
import { expect, test } from "bun:test";
import { chmod, copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "../../base/log.ts";
import { chooseTls } from "./choose-tls.ts";

const FIXTURES = join(import.meta.dir, "../../../test/fixtures/tls");

test.skipIf(process.platform === "win32")("a key that other users can read is named, with what to do", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ffcluster-keys-"));
  for (const name of ["cert.pem", "key.pem"]) await copyFile(join(FIXTURES, name), join(folder, name));
  const given = { host: "0.0.0.0", tls: "auto", "tls-cert": "cert.pem", "tls-key": "key.pem" } as const;
  const said = async (mode: number) => {
    await chmod(join(folder, "key.pem"), mode);
    const lines: string[] = [];
    const log = createLog("warn", [], { write: (line) => lines.push(line) });
    expect(await chooseTls(given, folder, log)).toMatchObject({ kind: "files", keyPath: join(folder, "key.pem") });
    return lines.filter((line) => line.includes("private key")).join("");
  };
  expect(await said(0o600)).toBe("");
  expect(await said(0o644)).toContain("other users can read the private key: chmod 600 key.pem");
  await rm(folder, { recursive: true });
});
