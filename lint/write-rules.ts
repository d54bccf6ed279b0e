// `bun lint/write-rules.ts` writes biome.json and folder-order.grit; run it after a change of lint/folders.ts.
// test/integration/import-rules.test.ts fails while they differ.
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { biomeOverrides, folderOrderGrit } from "./rules-of.ts";

const ROOT = resolve(import.meta.dir, "..");
const CONFIGURATION = join(ROOT, "biome.json");
const ORDER = join(ROOT, "lint/folder-order.grit");

const configuration = JSON.parse(await readFile(CONFIGURATION, "utf8"));
await writeFile(CONFIGURATION, JSON.stringify({ ...configuration, overrides: biomeOverrides() }));
await writeFile(ORDER, folderOrderGrit());
const formatted = Bun.spawnSync([join(ROOT, "node_modules/.bin/biome"), "format", "--write", CONFIGURATION, ORDER]);
if (!formatted.success) throw new Error(formatted.stderr.toString());
