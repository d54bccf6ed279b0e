// When a client counts as full, and when it does not any more; the disk's free bytes are given by hand.
import { expect, test } from "bun:test";
import { silentLog } from "../../base/log.ts";
import { createDiskSpace } from "./disk-space.ts";

const MIB = 1024 ** 2;

function diskWith(freeMiB: number) {
  const disk = { freeMiB };
  const changes: (string | null)[] = [];
  let changed = () => {};
  const next = () =>
    new Promise<void>((resolve) => {
      changed = resolve;
    });
  const space = createDiskSpace({
    folder: "/nowhere",
    log: silentLog,
    lookEveryMs: 1,
    free: async () => disk.freeMiB * MIB,
    onChange: () => {
      changes.push(space.shortage());
      changed();
    },
  });
  return { disk, changes, space, next };
}

test("no encode begins with less than 16 MiB; with 16 MiB it does again", async () => {
  const { disk, changes, space, next } = diskWith(15);
  expect(await space.isEnough()).toBe(false);
  expect(changes).toEqual([expect.stringContaining("16 MiB")]);
  const hasSpace = next();
  disk.freeMiB = 16;
  await hasSpace;
  expect(changes.at(-1)).toBeNull();
  expect(await space.isEnough()).toBe(true);
  space.stop();
});

test("after an encode filled the disk, twice what it had written must be free", async () => {
  const { disk, changes, space, next } = diskWith(40);
  expect(await space.isEnough()).toBe(true);
  space.noteFull(40 * MIB);
  space.noteFull(10 * MIB);
  expect(changes).toEqual([expect.stringContaining("96 MiB")]);
  expect(await space.isEnough()).toBe(false);
  const hasSpace = next();
  disk.freeMiB = 96;
  await hasSpace;
  expect(space.shortage()).toBeNull();
  space.stop();
});
