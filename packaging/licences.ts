// The licence texts that go with an archive: our own, those of the packages inside the executable, and ffmpeg's.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const ROOT = join(import.meta.dir, "..");
export const OWN_LICENCE = join(ROOT, "LICENSE");
/** Of the builds of ffmpeg that are packed: they are made with `--enable-gpl --enable-version3`. */
export const FFMPEG_LICENCE = join(import.meta.dir, "licences/GPL-3.0.txt");

const LOCK = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      license: z.string().optional(),
      dev: z.boolean().optional(),
      devOptional: z.boolean().optional(),
    }),
  ),
});

const BUN_NOTICE = `Bun ${Bun.version}: the runtime inside the executable. MIT, with parts under other licences (JavaScriptCore: LGPL-2).
Its list and how to relink it: https://bun.com/docs/project/license`;

async function licenceText(folder: string): Promise<string> {
  const name = (await readdir(folder)).filter((file) => /^licen[cs]e/i.test(file)).sort()[0];
  return name === undefined ? "" : (await readFile(join(folder, name), "utf8")).trim();
}

/** One text with the licence of every package that the executable contains. */
export async function thirdPartyNotices(): Promise<string> {
  const lock = LOCK.parse(JSON.parse(await readFile(join(ROOT, "package-lock.json"), "utf8")));
  const shipped = Object.entries(lock.packages).filter(
    ([path, entry]) => path !== "" && entry.dev !== true && entry.devOptional !== true,
  );
  const notices: string[] = [];
  for (const [path, { version, license }] of shipped.sort(([a], [b]) => (a < b ? -1 : 1))) {
    const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    const text = await licenceText(join(ROOT, path));
    notices.push(`${name} ${version ?? ""}: ${license ?? "see below"}\n\n${text}`.trim());
  }
  return `${[BUN_NOTICE, ...notices].join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}
