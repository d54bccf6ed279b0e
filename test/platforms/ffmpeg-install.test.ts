// The whole way of an ffmpeg to each platform: an archive in the layout that its release has, a mirror, a lock file of its
// own, download, check, unpacking, use. FFCLUSTER_FFMPEGS=DIR names a folder with a folder of programs for each (DIR/8.1,
// DIR/8.1-windows, …). Programs of other machines run under wine and qemu where those are there; those of macOS are looked
// at as files. `npm run test:platforms`.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256Of, sha256OfFile } from "../../src/base/digest.ts";
import { bringPrograms } from "../../src/ffmpeg-install/bring.ts";
import { type Layout, parseLock } from "../../src/ffmpeg-install/lock.ts";
import { type Platform, programNames } from "../../src/ffmpeg-install/platform.ts";
import { tarGzOf, tarXzOf, zipOf } from "../support/archives.ts";
import { answerWith, FileHost } from "../support/file-host.ts";

const FFMPEGS = process.env.FFCLUSTER_FFMPEGS ?? "";
const LONGEST_MS = 10 * 60_000;
const isLinuxX64 = process.platform === "linux" && process.arch === "x64";

interface Row {
  readonly platform: Platform;
  readonly folder: string;
  readonly layout: Layout;
  /** First bytes of its programs. */
  readonly magic: string;
  /** Programs that run one of that platform here; the first that is there is taken. Null: none can. */
  readonly runners: readonly (readonly string[])[] | null;
}

const ELF = "7f454c46";
const MACH_O_64 = "cffaedfe";
const QEMU = [["qemu-aarch64-static"], ["qemu-aarch64"]];
const { FFCLUSTER_WINE: room } = process.env;
const WINE = [...(room ? [[room]] : []), ["wine64"], ["wine"]];

const ROWS: readonly Row[] = [
  { platform: "linux-x64", folder: "8.1", layout: "tar.xz", magic: ELF, runners: isLinuxX64 ? [[]] : null },
  { platform: "linux-arm64", folder: "8.1-linux-arm64", layout: "tar.gz", magic: ELF, runners: QEMU },
  { platform: "darwin-x64", folder: "8.1-darwin-x64", layout: "tar.gz", magic: MACH_O_64, runners: null },
  { platform: "darwin-arm64", folder: "8.1-darwin-arm64", layout: "tar.gz", magic: MACH_O_64, runners: null },
  { platform: "windows-x64", folder: "8.1-windows", layout: "zip", magic: "4d5a", runners: WINE },
];

let root: string;
const files = new Map<string, Uint8Array>();
const host = await FileHost.open((request) => {
  const content = files.get(request.path.slice(1));
  return content === undefined ? { status: 404 } : answerWith(content, '"a"', request);
});
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ffcluster-platforms-"));
});
afterAll(async () => {
  host[Symbol.dispose]();
  await rm(root, { recursive: true, force: true });
});

/** The command that runs a program of the platform here; null: nothing does. */
function runnerOf({ runners }: Row): readonly string[] | null {
  return runners?.find(([program]) => program === undefined || Bun.which(program) !== null) ?? null;
}

/** Puts an archive on the mirror and answers the lock file that names it. */
async function publish({ platform, folder, layout }: Row): Promise<unknown> {
  const members = await Promise.all(
    programNames(platform).map(async (name) => ({
      name: `ffmpeg-8.1/bin/${name}`,
      content: await readFile(join(FFMPEGS, folder, name)),
    })),
  );
  const bytes = layout === "zip" ? zipOf(members) : await (layout === "tar.gz" ? tarGzOf : tarXzOf)(members);
  const file = `ffmpeg-8.1-${platform}.${layout}`;
  files.set(file, bytes);
  const archive = { url: `https://nowhere.invalid/${file}`, layout, bytes: bytes.length, sha256: sha256Of(bytes) };
  const build = { source: "own", version: "8.1", licence: "GPL-3.0-or-later", source_code: "https://example.com" };
  return { format: 1, platforms: { [platform]: [{ ...build, archives: [archive] }] } };
}

for (const row of ROWS) {
  const { platform, folder, magic } = row;
  const isThere = FFMPEGS !== "" && existsSync(join(FFMPEGS, folder));
  const runner = runnerOf(row);
  const left = runner === null ? " (not run: nothing here runs it)" : "";
  const title = `${platform}: from a mirror to programs in place${left}`;
  const skipped = isThere ? "" : ` (skipped: FFCLUSTER_FFMPEGS names no folder with ${folder})`;
  test.skipIf(!isThere)(
    title + skipped,
    async () => {
      const [build] = parseLock(await publish(row), "own.json").platforms[platform] ?? [];
      if (build === undefined) throw new Error("the lock names no build");
      const into = join(root, platform);
      await mkdir(into);
      const mirror = new URL(`${host.url}/`);
      const names = await bringPrograms({ build, platform, mirror, downloads: join(root, "downloads"), into });
      expect(names).toEqual(programNames(platform));
      for (const name of names) {
        expect(await sha256OfFile(join(into, name))).toBe(await sha256OfFile(join(FFMPEGS, folder, name)));
        const head = await Bun.file(join(into, name))
          .slice(0, magic.length / 2)
          .bytes();
        expect(Buffer.from(head).toString("hex")).toBe(magic);
        if (runner === null) continue;
        const ran = Bun.spawnSync([...runner, join(into, name), "-version"], {
          stderr: "ignore",
          timeout: LONGEST_MS / 2,
        });
        expect(ran.stdout.toString()).toMatch(/^ff(mpeg|probe) version n?8\.1/);
      }
      files.clear();
    },
    LONGEST_MS,
  );
}
