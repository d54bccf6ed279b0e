import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findTools } from "../tools.ts";
import { type Inventory, readInventory } from "./inventory.ts";
import { keptInventory } from "./kept-inventory.ts";

let folder: string;
let file: string;
let build: { readonly ffmpeg: string; readonly version: string };
let finds: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kept-inventory-"));
  file = join(folder, "db", "lists.json");
  build = { ffmpeg: join(folder, "ffmpeg"), version: "8.1" };
  await writeFile(build.ffmpeg, "one");
  finds = 0;
});
afterEach(() => rm(folder, { recursive: true }));

const LISTS: Inventory = {
  decodes: new Set(["h264", "av1"]),
  encoders: new Set(["libx264"]),
  filters: new Set(["scale"]),
};
const find = async () => {
  finds += 1;
  return LISTS;
};

test("the next process asks for nothing, and only its user reads the file", async () => {
  expect(await keptInventory(file, build, find)).toBe(LISTS);
  expect(await keptInventory(file, build, find)).toEqual(LISTS);
  expect(finds).toBe(1);
  if (process.platform !== "win32") expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test("another program file at the same path, another version and half a file are asked anew", async () => {
  await keptInventory(file, build, find);
  await writeFile(build.ffmpeg, "another");
  await keptInventory(file, build, find);
  expect(finds).toBe(2);
  await keptInventory(file, { ...build, version: "9.0" }, find);
  expect(finds).toBe(3);
  const text = await readFile(file, "utf8");
  await writeFile(file, text.slice(0, -20));
  expect(await keptInventory(file, { ...build, version: "9.0" }, find)).toEqual(LISTS);
  expect(finds).toBe(4);
});

test("where nothing can be kept, it is asked each time; what fails is not kept", async () => {
  const below = join(build.ffmpeg, "lists.json");
  for (const time of [1, 2]) {
    expect(await keptInventory(below, build, find)).toBe(LISTS);
    expect(finds).toBe(time);
  }
  const failure = new Error("no list");
  await expect(keptInventory(file, build, () => Promise.reject(failure))).rejects.toBe(failure);
  expect(await keptInventory(file, build, find)).toBe(LISTS);
});

test("tools that name a file keep their lists there", async () => {
  const tools = await findTools(process.env);
  const own = { ...tools, ffmpeg: build.ffmpeg, listsFile: file };
  await keptInventory(file, own, find);
  expect(await readInventory(own)).toEqual(LISTS);
});
