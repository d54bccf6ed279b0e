// The npm package as people have it: packed, and installed from its archive in an empty folder.
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { placeNpmPackages } from "../../packaging/npm-packages.ts";

/** Installs it below `folder`, without any executable; returns the folder of an empty project that has it. */
export async function installPacked(folder: string): Promise<string> {
  const [launcher = ""] = await placeNpmPackages(join(folder, "packages"), "1.2.3", new Map());
  const project = join(folder, "project");
  await mkdir(project);
  await Bun.write(join(project, "package.json"), '{"private":true,"type":"module"}\n');
  const packed = await Bun.$`npm pack --silent --pack-destination ${folder}`.cwd(launcher).text();
  const options = ["--offline", "--no-audit", "--no-fund", "--silent"];
  await Bun.$`npm install ${options} ${join(folder, packed.trim())}`.cwd(project).quiet();
  await cp(join(import.meta.dir, "../../examples"), join(project, "examples"), { recursive: true });
  return project;
}
