import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keptSince } from "./kept-since.ts";

test("the first start counts, and a clock that went back does not make it later", async () => {
  const workDir = await mkdtemp(join(tmpdir(), "ffcluster-kept-"));
  expect(await keptSince(workDir, 5000)).toBe(5000);
  expect(await keptSince(workDir, 9000)).toBe(5000);
  expect(await keptSince(workDir, 3000)).toBe(3000);
  await rm(workDir, { recursive: true });
});
