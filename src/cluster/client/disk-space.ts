// Watches whether this client's disk has space for its work. A full disk is not the segment's fault: the client reports
// it, gets nothing more, and reports again when there is space. Only looks at the disk, changes nothing on it.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../../base/errors.ts";
import { freeBytes } from "../../base/files.ts";
import type { Log } from "../../base/log.ts";

/** No encode begins with less than this: a few seconds of video at a high bit rate. */
const LEAST_BYTES = 16 * 1024 ** 2;
const LOOK_EVERY_MS = 2000;

export interface DiskSpace {
  /** Why there is too little space, for people; null: there is enough. */
  shortage(): string | null;
  /** Call before an encode begins. False: there is too little, and `onChange` was called. */
  isEnough(): Promise<boolean>;
  /** An encode that had written this much filled the disk: twice as much must be free before the next one. */
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
    log.info("the disk has space again", { folder });
    onChange();
  };
  const want = (bytes: number) => {
    const isNew = wantedBytes === null;
    wantedBytes = Math.max(wantedBytes ?? 0, bytes);
    if (!isNew) return;
    log.warn("the disk is full: no more work until it has space", { folder, wanted: mebibytes(wantedBytes) });
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

/** Bytes of the files in a folder; 0 if it does not exist. */
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
