import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { hardCase, mediaPath, testWithMedia } from "./media.ts";

test("shipped clips are found, unknown ones are null", () => {
  expect(mediaPath("cars-432p12.5-30s.mp4")).toEndWith("test/fixtures/media/cars-432p12.5-30s.mp4");
  expect(mediaPath("no-such-clip.mp4")).toBeNull();
});

testWithMedia("cars-432p12.5-30s.mp4", "testWithMedia hands over the path", (path) => {
  expect(existsSync(path)).toBe(true);
});

test("a hard case is made once, also with several callers and glob characters in its name", async () => {
  const name = "we'ird näme [1] 100% #2 %03d.mp4";
  const paths = await Promise.all([hardCase(name), hardCase(name)]);
  expect(new Set(paths).size).toBe(1);
  const path = await hardCase(name);
  expect(basename(path)).toBe(name);
  expect(existsSync(path)).toBe(true);
  expect(await readdir(dirname(path))).toContain(name);
}, 180_000);

test("a case that the script does not know is an error", async () => {
  await expect(hardCase("no-such-case.mp4")).rejects.toThrow("knows no case");
}, 180_000);
