// When a client counts as full, and when it does not any more; the disk's free bytes are given by hand.
import { expect, test } from "bun:test";
import { silentLog } from "../../base/log.ts";
import { createRoom } from "./disk-space.ts";

const MIB = 1024 ** 2;

function roomWith(freeMiB: number) {
  const disk = { freeMiB };
  const changes: (string | null)[] = [];
  let changed = () => {};
  const next = () =>
    new Promise<void>((resolve) => {
      changed = resolve;
    });
  const room = createRoom({
    folder: "/nowhere",
    log: silentLog,
    lookEveryMs: 1,
    free: async () => disk.freeMiB * MIB,
    onChange: () => {
      changes.push(room.noRoom());
      changed();
    },
  });
  return { disk, changes, room, next };
}

test("with less than 16 MiB nothing begins; with them it does again", async () => {
  const { disk, changes, room, next } = roomWith(15);
  expect(await room.suffices()).toBe(false);
  expect(changes).toEqual([expect.stringContaining("16 MiB")]);
  const hasRoom = next();
  disk.freeMiB = 16;
  await hasRoom;
  expect(changes.at(-1)).toBeNull();
  expect(await room.suffices()).toBe(true);
  room.stop();
});

test("what ran full wants twice what it had written, so that it is not tried into the same wall", async () => {
  const { disk, changes, room, next } = roomWith(40);
  expect(await room.suffices()).toBe(true);
  room.ranFull(40 * MIB);
  room.ranFull(10 * MIB);
  expect(changes).toEqual([expect.stringContaining("96 MiB")]);
  expect(await room.suffices()).toBe(false);
  const hasRoom = next();
  disk.freeMiB = 96;
  await hasRoom;
  expect(room.noRoom()).toBeNull();
  room.stop();
});
