import { expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openClientStore } from "../../db/client-store.ts";
import { makeWorkDir } from "./work-dir.ts";

test.skipIf(process.platform === "win32")(
  "what an earlier version left open is closed, whatever the umask: no other user enters",
  async () => {
    const workDir = await mkdtemp(join(tmpdir(), "ffcluster-modes-"));
    const umask = process.umask(0);
    try {
      for (const folder of ["client", "db"]) {
        await mkdir(join(workDir, folder));
        await chmod(join(workDir, folder), 0o777);
        await writeFile(join(workDir, folder, "old"), "");
      }
      // As `submit --participate` does, which leaves the umask to the file that it saves.
      expect(await makeWorkDir(workDir, "client")).toEqual([]);
      openClientStore(workDir).close();
      const modeOf = async (...path: string[]) => (await stat(join(workDir, ...path))).mode & 0o777;
      expect([await modeOf("client"), await modeOf("db"), await modeOf("db", "client.db")]).toEqual([
        0o700, 0o700, 0o600,
      ]);
      expect(await makeWorkDir(join(workDir, "new"), "server")).toEqual([]);
      expect([await modeOf("new"), await modeOf("new", "server")]).toEqual([0o700, 0o700]);
    } finally {
      process.umask(umask);
      await rm(workDir, { recursive: true });
    }
  },
);
