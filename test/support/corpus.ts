// Every clip that the project is judged by: the rows of MANIFEST.tsv whose media this machine has, and all that
// generate-hard-cases.sh makes. Says for each what may become of it; knows nothing of the product.
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exists } from "../../src/base/files.ts";
import { mediaFolders, mediaPath, SHIPPED_MEDIA } from "./media.ts";

export interface Clip {
  readonly name: string;
  readonly path: string;
  /** Pictures times pixels, as far as the tables tell: what it costs to decode. */
  readonly effort: number;
  /** "clean" must come out exact, "damaged" too or be refused before any work, "no-video" must be refused. */
  readonly kind: "clean" | "damaged" | "no-video";
}

/** Of a synthetic clip. */
const USUAL_PIXELS = 640 * 360;

function rowsOf(tsv: string): readonly (readonly string[])[] {
  const lines = tsv.split("\n").slice(1);
  return lines.filter((line) => line !== "").map((line) => line.split("\t"));
}

async function realClips(): Promise<{ readonly clips: readonly Clip[]; readonly missing: readonly string[] }> {
  const clips: Clip[] = [];
  const missing: string[] = [];
  for (const folder of mediaFolders()) {
    const manifest = join(folder, "MANIFEST.tsv");
    if (!(await exists(manifest))) continue;
    for (const [name = "", ...cells] of rowsOf(await readFile(manifest, "utf8"))) {
      const path = mediaPath(name);
      if (path === null) missing.push(name);
      else if (!clips.some((clip) => clip.name === name)) {
        const kind = cells[8] === "0" ? "no-video" : "clean";
        const [width = 0, height = 0] = (cells[5] ?? "").split("x").map(Number);
        clips.push({ name, path, effort: width * height * Number(cells[8]) || 0, kind });
      }
    }
  }
  return { clips, missing };
}

/** All cases of the generator, made once and kept in the temp folder under the script's digest. */
async function syntheticClips(): Promise<readonly Clip[]> {
  const generator = join(SHIPPED_MEDIA, "generate-hard-cases.sh");
  const digest = new Bun.CryptoHasher("sha256").update(await readFile(generator)).digest("hex");
  const set = join(tmpdir(), `ffcluster-hard-cases-${digest.slice(0, 12)}-all`);
  if (!(await exists(set))) await makeAll(generator, set);
  const clips: Clip[] = [];
  for (const [name = "", frames, decodes] of rowsOf(await readFile(join(set, "EXPECTED.tsv"), "utf8"))) {
    const path = join(set, name);
    const kind = frames === "0" ? "no-video" : decodes === "clean" ? "clean" : "damaged";
    clips.push({ name, path, effort: USUAL_PIXELS * (Number(frames) || 100), kind });
  }
  return clips;
}

async function makeAll(generator: string, set: string): Promise<void> {
  await mkdir(tmpdir(), { recursive: true });
  const own = await mkdtemp(`${set}.making-`);
  try {
    const made = Bun.spawn(["bash", generator, own], { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
    const [stderr, exitCode] = await Promise.all([made.stderr.text(), made.exited]);
    if (exitCode !== 0) throw new Error(`generate-hard-cases.sh failed (exit ${exitCode}): ${stderr}`);
    await rename(own, set);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

/** The whole corpus, the quick ones first, and the rows of the manifest whose media is not here. */
export async function corpus(): Promise<{ readonly clips: readonly Clip[]; readonly missing: readonly string[] }> {
  const [{ clips, missing }, synthetic] = await Promise.all([realClips(), syntheticClips()]);
  return { clips: [...clips, ...synthetic].sort((a, b) => a.effort - b.effort), missing };
}
