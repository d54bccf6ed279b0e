import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { forEachLine } from "../base/process/output.ts";
import { acquireFolderLock } from "./folder-lock.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffc-lock-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function take(description: string) {
  const taken = acquireFolderLock(folder, description);
  if ("holder" in taken) throw new Error(`refused: ${taken.holder}`);
  return taken;
}

test("a second taker is refused by the holder's name, and may take it after the release", () => {
  const first = take("ffcluster serve");
  const second = acquireFolderLock(folder, "another");
  expect(second).toEqual({ holder: expect.stringContaining(`ffcluster serve (process ${process.pid}`) });
  first.release();
  first.release();
  take("another").release();
});

test("kill -9 of the holder frees the folder", async () => {
  const script = `
    const { acquireFolderLock } = await import(${JSON.stringify(join(import.meta.dir, "folder-lock.ts"))});
    globalThis.lock = acquireFolderLock(process.argv[1], "the child");
    console.log("holder" in globalThis.lock ? "refused" : "held");
    setInterval(() => {}, 1000);`;
  const child = Bun.spawn([process.execPath, "-e", script, folder], { stdout: "pipe", stderr: "inherit" });
  try {
    const held = Promise.withResolvers<string>();
    const lines = forEachLine(child.stdout, held.resolve);
    expect(await held.promise).toBe("held");
    expect(acquireFolderLock(folder, "me")).toEqual({ holder: expect.stringContaining(`process ${child.pid}`) });
    child.kill("SIGKILL");
    await Promise.all([child.exited, lines]);
    take("me").release();
  } finally {
    child.kill("SIGKILL");
  }
});
