// A small file system of its own for tests of full disks: a tmpfs, which needs Linux and root.
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freeBytes } from "../../src/base/files.ts";
import { newId } from "../../src/base/ids.ts";
import { isNoSpace } from "../../src/base/no-space.ts";

const MIB = 1024 * 1024;

function mount(folder: string, mebibytes: number): boolean {
  return Bun.spawnSync(["mount", "-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", folder]).success;
}

/** Whether this user may mount one here; says so when not. */
export function canHaveSmallDisks(): boolean {
  const isRoot = process.platform === "linux" && process.getuid?.() === 0;
  const folder = `${tmpdir()}/ffcluster-mount-${newId()}`;
  const isMounted = isRoot && Bun.spawnSync(["mkdir", folder]).success && mount(folder, 1);
  if (isMounted) Bun.spawnSync(["umount", folder]);
  if (isRoot) Bun.spawnSync(["rmdir", folder]);
  if (!isMounted) console.log("skipped: full disks need a tmpfs, which needs Linux and root");
  return isMounted;
}

export class SmallDisk implements Disposable {
  readonly folder: string;

  /** Mounted on `folder`, which is made. */
  constructor(folder: string, mebibytes: number) {
    this.folder = folder;
    Bun.spawnSync(["mkdir", "-p", folder]);
    if (!mount(folder, mebibytes)) throw new Error(`no tmpfs could be mounted on ${folder}`);
  }

  /** Writes a file that leaves so much, or nothing: also when somebody else writes at the same time. */
  async fillUpTo(freeMebibytes: number): Promise<void> {
    const bytes = (await freeBytes(this.folder)) - freeMebibytes * MIB;
    try {
      await writeFile(join(this.folder, "ballast"), new Uint8Array(bytes));
    } catch (thrown) {
      const isFull = freeMebibytes === 0 && isNoSpace(thrown);
      if (!isFull) throw thrown;
    }
  }

  /** Takes the file away. */
  async relieve(): Promise<void> {
    await rm(join(this.folder, "ballast"), { force: true });
  }

  resize(mebibytes: number): void {
    const done = Bun.spawnSync(["mount", "-o", `remount,size=${mebibytes}m`, this.folder]);
    if (!done.success) throw new Error(`${this.folder} could not be resized`);
  }

  [Symbol.dispose](): void {
    Bun.spawnSync(["umount", "--lazy", this.folder]);
  }
}
