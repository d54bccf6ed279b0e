// Writes install.sh: the script that a user runs, with the digest of every archive inside.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface Installer {
  readonly version: string;
  /** The text of SHA256SUMS. */
  readonly sums: string;
  /** Where the archives will be; null: the user names it. */
  readonly baseUrl: string | null;
}

export async function writeInstaller(path: string, { version, sums, baseUrl }: Installer): Promise<void> {
  const template = await readFile(join(import.meta.dir, "install.sh"), "utf8");
  const digests = sums.split("\n").filter((line) => line.endsWith(".tar.gz"));
  const text = template
    .replaceAll("@VERSION@", version)
    .replaceAll("@BASE_URL@", baseUrl ?? "")
    .replaceAll("@DIGESTS@", digests.join("\n"));
  await writeFile(path, text, { mode: 0o755 });
}
