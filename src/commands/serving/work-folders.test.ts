// What a user is told who starts a server in another folder than the last time.
import { expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "../../base/log.ts";
import { pointAtOthers, rememberWorkFolder } from "./work-folders.ts";

test("a new server names the folder of the last one, one that goes on names none, and what is gone is forgotten", async () => {
  const root = await mkdtemp(join(tmpdir(), "ffcluster-folders-"));
  const config = join(root, "config");
  const lines: string[] = [];
  const log = createLog("warn", [], { write: (line) => lines.push(line) });
  const made = async (name: string) => {
    const folder = join(root, name, "work");
    await mkdir(join(folder, "db"), { recursive: true });
    await writeFile(join(folder, "db", "server.db"), "");
    await rememberWorkFolder(config, folder, log);
    await Bun.sleep(2); // the times of two starts differ
    return folder;
  };
  const said = async (folder: string) => {
    await pointAtOthers(config, folder, log);
    return lines.splice(0).join("");
  };
  const fresh = join(root, "fresh", "work");
  expect(await said(fresh)).toBe("");
  const first = await made("first");
  const second = await made("sec ond");
  expect(await said(fresh)).toMatch(/another work folder of yours is in .*sec ond.work \(and 1 more\)\. To go on/);
  expect(await said(first)).toBe("");
  await rm(second, { recursive: true });
  const alone = await said(fresh);
  expect(alone).toContain(`another work folder of yours is in ${first}. To go on`);
  expect(alone).toContain(`ffcluster serve --work-dir ${JSON.stringify(first)}`);
  await made("third");
  expect(await Bun.file(join(config, "work-folders.json")).json()).not.toHaveProperty([second]);
  await rm(root, { recursive: true });
});
