import { expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isHangupIgnored, mostTimeToEndMs } from "./hangup.ts";

test("the mask of ignored signals tells; without /proc the terminal does", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ffcluster-hangup-"));
  const status = join(folder, "status");
  try {
    await writeFile(status, "Name:\tffcluster\nSigBlk:\t0000000000000001\nSigIgn:\t0000000000001001\n");
    expect(isHangupIgnored(status)).toBe(true);
    await writeFile(status, "Name:\tffcluster\nSigBlk:\t0000000000000001\nSigIgn:\t0000000000001000\n");
    expect(isHangupIgnored(status)).toBe(false);
    const isSeen = process.stdout.isTTY === true || process.stderr.isTTY === true;
    expect(isHangupIgnored(join(folder, "nothing"))).toBe(!isSeen);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a closed console on Windows leaves less time than people give", () => {
  const reason = (cause: string) => new Error("interrupted", { cause });
  expect(mostTimeToEndMs(reason("SIGHUP"), "win32")).toBeLessThan(5000);
  expect(mostTimeToEndMs(reason("SIGINT"), "win32")).toBe(Number.POSITIVE_INFINITY);
  expect(mostTimeToEndMs(reason("SIGHUP"), "linux")).toBe(Number.POSITIVE_INFINITY);
  expect(mostTimeToEndMs(undefined, "win32")).toBe(Number.POSITIVE_INFINITY);
});
