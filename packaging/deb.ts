// A Debian package of a linux build. It needs the system's own ffmpeg, and dpkg-deb to be made.
import { chmod, copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Platform } from "../src/ffmpeg-install/platform.ts";
import { OWN_LICENCE, thirdPartyNotices } from "./licences.ts";
import { runProgram } from "./run-program.ts";
import { placeDebianShellFiles } from "./shell-files.ts";

const ARCHITECTURES: Readonly<Partial<Record<Platform, string>>> = { "linux-x64": "amd64", "linux-arm64": "arm64" };

function control(architecture: string, version: string): string {
  return [
    "Package: ffcluster",
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    "Maintainer: ffcluster <ffcluster@users.noreply.invalid>",
    "Section: video",
    "Priority: optional",
    "Depends: libc6 (>= 2.17), ffmpeg (>= 7:5.1)",
    "Recommends: fontconfig",
    "Description: One video, many machines, one exact file back",
    " Splits the encode of one video over every computer you have, with the hardware",
    " encoders of each, and proves that the result is exact to the frame.",
    "",
  ].join("\n");
}

export function hasDeb(platform: Platform): boolean {
  return ARCHITECTURES[platform] !== undefined;
}

/** Makes the package in `outFolder` and returns its name. `workFolder` must not exist. */
export async function buildDeb(
  { platform, version, executable, time }: { platform: Platform; version: string; executable: string; time: Date },
  workFolder: string,
  outFolder: string,
): Promise<string> {
  const architecture = ARCHITECTURES[platform];
  if (architecture === undefined) throw new Error(`there is no Debian package for ${platform}`);
  const documents = join(workFolder, "usr/share/doc/ffcluster");
  for (const folder of [join(workFolder, "DEBIAN"), join(workFolder, "usr/bin"), documents]) {
    await mkdir(folder, { recursive: true, mode: 0o755 });
  }
  await writeFile(join(workFolder, "DEBIAN/control"), control(architecture, version));
  await copyFile(executable, join(workFolder, "usr/bin/ffcluster"));
  await chmod(join(workFolder, "usr/bin/ffcluster"), 0o755);
  await copyFile(OWN_LICENCE, join(documents, "copyright"));
  await writeFile(join(documents, "third-party.txt"), await thirdPartyNotices());
  await placeDebianShellFiles(workFolder, version, time);
  const name = `ffcluster_${version}_${architecture}.deb`;
  const args = ["--root-owner-group", "-Zgzip", "--build", workFolder, join(outFolder, name)];
  await runProgram("dpkg-deb", args, { SOURCE_DATE_EPOCH: String(Math.floor(time.getTime() / 1000)) });
  await rm(workFolder, { recursive: true });
  return name;
}
