import { expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BuildFacts } from "./build-facts.ts";

test("a fact is found once for a file, again after a failure and for another file at the same path", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ffcluster-facts-"));
  const program = join(folder, "ffmpeg");
  try {
    await writeFile(program, "one");
    const facts = new BuildFacts<number>();
    let found = 0;
    const find = async () => {
      found += 1;
      return found;
    };
    expect(await Promise.all([facts.of(program, find), facts.of(program, find)])).toEqual([1, 1]);
    await writeFile(program, "another");
    await expect(facts.of(program, () => Promise.reject(new Error("it fails")))).rejects.toThrow("it fails");
    expect(await facts.of(program, find)).toBe(2);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("who stops waiting does not stop it for others", async () => {
  const facts = new BuildFacts<string>();
  const { promise, resolve } = Promise.withResolvers<string>();
  const stop = new AbortController();
  const first = facts.of("ffmpeg", () => promise, stop.signal);
  const second = facts.of("ffmpeg", () => Promise.reject(new Error("asked twice")));
  stop.abort(new Error("stopped"));
  await expect(first).rejects.toThrow("stopped");
  await expect(facts.of("ffmpeg", () => promise, stop.signal)).rejects.toThrow("stopped");
  resolve("found");
  expect(await second).toBe("found");
});
