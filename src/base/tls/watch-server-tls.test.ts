import { expect, test } from "bun:test";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "../log.ts";
import { readServerTls, type ServerTls } from "./tls-files.ts";
import { watchServerTls } from "./watch-server-tls.ts";

const fixture = (name: string) => join(import.meta.dir, "../../../test/fixtures/tls", name);

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 500) throw new Error("not within 5 s");
    await Bun.sleep(10);
  }
}

test("a new pair is handed on; half of one is named once, and the old one stays", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ffcluster-tls-"));
  const [certPath, keyPath] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const put = async (cert: string, key: string) => {
    await copyFile(fixture(cert), certPath);
    await copyFile(fixture(key), keyPath);
  };
  await put("cert.pem", "key.pem");
  const lines: string[] = [];
  const seen: ServerTls[] = [];
  const log = createLog("info", [], { write: (line) => lines.push(line) });
  const tls = await readServerTls(certPath, keyPath);
  const onChange = async (changed: ServerTls) => void seen.push(changed);
  const watched = watchServerTls({ certPath, keyPath, tls }, onChange, log, 5);
  try {
    await copyFile(fixture("other-cert.pem"), certPath);
    const said = (words: RegExp) => until(() => lines.some((line) => words.test(line)));
    await said(/warn: the certificate in use stays, .*key\.pem does not belong to/);
    expect(seen).toEqual([]);
    await copyFile(fixture("other-key.pem"), keyPath);
    await said(/info: new connections get the new certificate of /);
    expect(seen).toEqual([await readServerTls(certPath, keyPath)]);
    expect(lines.at(-1)).toContain(`--tls-fingerprint ${seen[0]?.fingerprint}`);
    await writeFile(certPath, "-----BEGIN");
    await said(/is not a PEM certificate/);
    await put("other-cert.pem", "other-key.pem");
    expect(seen).toHaveLength(1);
  } finally {
    watched.stop();
    await rm(folder, { recursive: true });
  }
});
