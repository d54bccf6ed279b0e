// Whether this client's disk has room for its work. A full disk is the machine's trouble and no segment's: the server is
// told, gives it nothing more, and is told again when there is room. Looks at the disk; touches nothing on it.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../../base/errors.ts";
import { freeBytes } from "../../base/files.ts";
import type { Log } from "../../base/log.ts";

/** With less than this no encode begins: a few seconds of a high rate. */
const LEAST_BYTES = 16 * 1024 ** 2;
const LOOK_EVERY_MS = 2000;

export interface DiskSpace {
  /** For people; null: there is room. */
  shortage(): string | null;
  /** Looked at before an encode begins; false: there is none, and the server has been told. */
  isEnough(): Promise<boolean>;
  /** Work ran into the full disk with so much in its folder: it takes twice that to try again. */
  noteFull(writtenBytes: number): void;
  stop(): void;
}

export interface DiskSpaceOptions {
  readonly folder: string;
  readonly log: Log;
  /** `shortage` has changed. */
  readonly onChange: () => void;
  readonly free?: (folder: string) => Promise<number>;
  readonly lookEveryMs?: number;
}

export function createDiskSpace(options: DiskSpaceOptions): DiskSpace {
  const { folder, log, onChange, free = freeBytes, lookEveryMs = LOOK_EVERY_MS } = options;
  let wantedBytes: number | null = null;
  let timer: ReturnType<typeof setInterval> | undefined;

  const look = async () => {
    if (wantedBytes === null || (await free(folder)) < wantedBytes) return;
    wantedBytes = null;
    clearInterval(timer);
    log.info("the disk has room again", { folder });
    onChange();
  };
  const want = (bytes: number) => {
    const isNew = wantedBytes === null;
    wantedBytes = Math.max(wantedBytes ?? 0, bytes);
    if (!isNew) return;
    log.warn("the disk is full: no more work until it has room", { folder, wanted: mebibytes(wantedBytes) });
    timer = setInterval(() => {
      look().catch((thrown) => log.warn("the disk could not be looked at", { error: String(thrown) }));
    }, lookEveryMs);
    timer.unref();
    onChange();
  };

  return {
    shortage: () => (wantedBytes === null ? null : `its disk is full: it wants ${mebibytes(wantedBytes)} free`),
    async isEnough() {
      if (wantedBytes === null && (await free(folder)) < LEAST_BYTES) want(LEAST_BYTES);
      return wantedBytes === null;
    },
    noteFull: (writtenBytes) => want(2 * writtenBytes + LEAST_BYTES),
    stop: () => clearInterval(timer),
  };
}

/** Bytes of the files in a folder; 0 for one that is not there. */
export async function bytesIn(folder: string): Promise<number> {
  try {
    const names = await readdir(folder);
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch (thrown) {
    if (errnoOf(thrown) !== "ENOENT") throw thrown;
    return 0;
  }
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 ** 2)} MiB`;
}
