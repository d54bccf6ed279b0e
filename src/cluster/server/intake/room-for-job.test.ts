import { expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { neededBytes, requireRoom } from "./room-for-job.ts";

const MIB = 1024 ** 2;
const unknown = { bytes: null, bitsPerSecond: null, seconds: null };

test("a job of a known size needs its segments and its output beside them", () => {
  expect(neededBytes(unknown)).toBe(16 * MIB);
  expect(neededBytes({ ...unknown, bytes: 700 * MIB, bitsPerSecond: 1e6, seconds: 10 })).toBe((16 + 1400) * MIB);
  expect(neededBytes({ ...unknown, bitsPerSecond: 8 * MIB, seconds: 100 })).toBe((16 + 200) * MIB);
  expect(neededBytes({ ...unknown, bitsPerSecond: 8e6 })).toBe(16 * MIB);
});

test("what is refused for its size says what is free and what is needed", async () => {
  await requireRoom(tmpdir(), 1);
  const refused = requireRoom(tmpdir(), 5e18);
  expect(refused).rejects.toThrow(
    /^the server's work directory has [\d.]+ [MG]iB free, and this job needs at least [\d.]+ GiB$/,
  );
});
